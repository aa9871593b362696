import { setLogLevel } from '../log.js';
import { stdoutSink } from '../stdout.js';
import { parseRunArguments } from './arguments.js';
import { check, run } from './command.js';

/** `acceptstream run`. Resolves with the exit status, rejects with what failed. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const request = parseRunArguments(argv);
  if (request.kind === 'usage') {
    process.stderr.write(request.text);
    return 2;
  }
  if (request.kind === 'print') {
    await stdoutSink().write({ bytes: Buffer.from(request.text), records: 0 });
    return 0;
  }
  setLogLevel(request.logLevel);
  if (request.kind === 'check') return check(request.path);
  await run(request.path);
  return 0;
}
