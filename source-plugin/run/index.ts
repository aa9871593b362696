import { answer } from '../cli/answer.js';
import { setLogLevel } from '../log.js';
import { parseRunArguments } from './arguments.js';
import { check, run } from './command.js';

/** `acceptstream run`. Resolves with the exit status, rejects with what failed. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const request = parseRunArguments(argv);
  if ('text' in request) return answer(request);
  setLogLevel(request.logLevel);
  if (request.kind === 'check') return check(request.path);
  await run(request.path);
  return 0;
}
