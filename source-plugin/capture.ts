import { type Core, loadCore } from '../filter-core/index.js';
import { hungUp } from '../native/index.js';
import type { CliOptions } from './cli/parse.js';
import { type LiveSource, openLive } from './live.js';
import { log } from './log.js';
import { LossReport } from './loss.js';
import { runPipeline } from './pipeline.js';
import { dropPrivileges } from './privileges.js';
import { stdoutSink } from './stdout.js';
import { stopOnSignal } from './stop.js';
import { zoneAt } from './zone.js';

const STDOUT = 1;
/** How late a closed pipe or a loss may be noticed when no record arrives. */
const WATCH_MS = 500;

/** Prints accepts until a signal or a closed pipe ends it. Rejects with what failed. */
export async function capture(options: CliOptions): Promise<void> {
  const { format, time, timestamp, pid, ports, family } = options;
  const controller = new AbortController();
  const release = stopOnSignal(controller);
  try {
    const core = await loadCore({ format, time, timestamp, zoneAt, filter: { pid, ports, family } });
    const source = openLive(options);
    log.info(`live by ${source.hook}, ring of ${options.ringBytes} bytes`);
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
