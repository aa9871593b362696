import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AcceptstreamError, oneLine, reasonOf } from '../schemas/error.js';
import { answer } from './cli/answer.js';
import { parseCommandLine } from './cli/parse.js';
import { log, setLogLevel } from './log.js';
import { closedByReader } from './stdout.js';
import { watchTerminals } from './terminal.js';

/** Runs the command. Resolves with the exit status: 0 ended as asked, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<number> {
  // Diagnostics that nobody reads must not end the capture.
  process.stderr.on('error', () => {});
  const leaveTerminals = watchTerminals();
  try {
    return await dispatch(argv);
  } catch (error) {
    if (closedByReader(error)) return 0;
    const isUsage = error instanceof AcceptstreamError && error.code === 'USAGE';
    // A configuration may have several problems, a line each; all else is one line, whatever names it holds.
    log.error(isUsage ? error.message : oneLine(explain(error)));
    return isUsage ? 2 : 1;
  } finally {
    leaveTerminals();
  }
}

/** Whether these arguments start a capture, which takes privileges. */
export async function needsCapture(argv: readonly string[]): Promise<boolean> {
  if (argv[0] === 'run') {
    const { parseRunArguments } = await import('./run/arguments.js');
    return ['run', 'check'].includes(parseRunArguments(argv.slice(1)).kind);
  }
  return !['read', 'doctor', 'wasm'].includes(argv[0] ?? '') && parseCommandLine(argv, version()).kind === 'run';
}

// Only the command at hand is loaded: help needs no addon, and rows need neither kafkajs nor a YAML parser.
async function dispatch(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'run') return (await import('./run/index.js')).runCommand(argv.slice(1));
  if (argv[0] === 'read') return (await import('./read/index.js')).readCommand(argv.slice(1));
  if (argv[0] === 'doctor') return (await import('./doctor/index.js')).doctorCommand(argv.slice(1), version());
  if (argv[0] === 'wasm') return (await import('./wasm/index.js')).wasmCommand(argv.slice(1));
  const parsed = parseCommandLine(argv, version());
  if ('text' in parsed) return answer(parsed);
  setLogLevel(parsed.options.logLevel);
  await (await import('./capture.js')).capture(parsed.options);
  return 0;
}

function version(): string {
  const { resolve } = createRequire(import.meta.url);
  return JSON.parse(readFileSync(resolve('acceptstream/package.json'), 'utf8')).version;
}

function explain(error: unknown): string {
  const reason = reasonOf(error);
  return error instanceof AcceptstreamError ? reason : `internal error: ${reason}; please report it`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
