import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Core, loadCore } from '../filter-core/index.js';
import { hungUp } from '../native/index.js';
import { AcceptstreamError, oneLine } from '../schemas/error.js';
import { type CliOptions, parseCommandLine } from './cli/parse.js';
import { type LiveSource, openLive } from './live.js';
import { LossReport } from './loss.js';
import { runPipeline } from './pipeline.js';
import { dropPrivileges } from './privileges.js';
import { closedByReader, stdoutSink } from './stdout.js';
import { stopOnSignal } from './stop.js';
import { zoneAt } from './zone.js';

const STDOUT = 1;
/** How late a closed pipe or a loss may be noticed when no record arrives. */
const WATCH_MS = 500;

/** Runs the command. Resolves with the exit status: 0 ended as asked, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<number> {
  // Diagnostics that nobody reads must not end the capture.
  process.stderr.on('error', () => {});
  const parsed = parseCommandLine(argv, version());
  if (parsed.kind === 'usage') {
    process.stderr.write(parsed.text);
    return 2;
  }
  try {
    if (parsed.kind === 'print') await print(parsed.text);
    else await capture(parsed.options);
    return 0;
  } catch (error) {
    if (closedByReader(error)) return 0;
    process.stderr.write(`acceptstream: ${explain(error)}\n`);
    return 1;
  }
}

function version(): string {
  const { resolve } = createRequire(import.meta.url);
  return JSON.parse(readFileSync(resolve('acceptstream/package.json'), 'utf8')).version;
}

async function print(text: string): Promise<void> {
  await stdoutSink(STDOUT).write({ bytes: Buffer.from(text), records: 0 });
}

function explain(error: unknown): string {
  const reason = oneLine(error instanceof Error ? error.message : String(error));
  return error instanceof AcceptstreamError ? reason : `internal error: ${reason}; please report it`;
}

async function capture(options: CliOptions): Promise<void> {
  const { time, timestamp, pid, ports, family } = options;
  const controller = new AbortController();
  const release = stopOnSignal(controller);
  try {
    const core = await loadCore({ format: 'tcpaccept', time, timestamp, zoneAt, filter: { pid, ports, family } });
    const source = openLive(options);
    try {
      dropPrivileges();
      await stream(source, core, controller);
    } finally {
      source.close();
    }
  } finally {
    release();
  }
}

async function stream(source: LiveSource, core: Core, controller: AbortController): Promise<void> {
  const loss = new LossReport(source);
  const watch = setInterval(() => {
    loss.print();
    if (hungUp(STDOUT)) controller.abort();
  }, WATCH_MS);
  const sink = stdoutSink(STDOUT);
  try {
    await sink.write({ bytes: core.header, records: 0 });
    await runPipeline({ source, core, sink, signal: controller.signal });
    await sink.close();
  } finally {
    clearInterval(watch);
    loss.print();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
