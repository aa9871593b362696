import { type Core, type Filter, loadCore, type RateLimit } from '../filter-core/index.js';
import { hungUp } from '../native/index.js';
import type { CliOptions } from './cli/parse.js';
import type { Sink } from './contracts.js';
import { type LiveSource, openLive } from './live.js';
import { log } from './log.js';
import { LossReport } from './loss.js';
import { runPipeline } from './pipeline.js';
import { cgroupPath, netnsInode, warnOfAbsent } from './places.js';
import { actsForItself, dropPrivileges } from './privileges.js';
import { Outlets } from './run/outlets.js';
import { stdoutSink } from './stdout.js';
import { stopOnSignal } from './stop.js';
import { SuppressionReport } from './suppression.js';
import { zoneAt } from './zone.js';

const STDOUT = 1;
/** How late a closed pipe or a loss may be noticed when no record arrives. */
const WATCH_MS = 500;
const SUPPRESSION_MS = 1000;

/** Where accepts go, and the core in front of it. */
interface Output {
  readonly core: Core;
  readonly sink: Sink;
}

/** Prints accepts until a signal or a closed pipe ends it. Rejects with what failed. */
export async function capture(given: CliOptions): Promise<void> {
  const options = { ...given, ...filterOfPlaces(given) };
  const { format, time, timestamp, write } = options;
  const controller = new AbortController();
  const release = stopOnSignal(controller);
  try {
    const core = await loadCore({ format, time, timestamp, zoneAt, filter: options });
    const source = openLive(options);
    log.info(`live by ${source.hook}, ring of ${options.ringBytes} bytes`);
    warnOfAbsent(options.cgroups);
    try {
      const rows = { core, sink: stdoutSink(STDOUT) };
      const file = await openAsCaller(write);
      const output = file ? await withFile(rows, file, options) : rows;
      await stream(source, output, options.rateLimit, controller);
    } finally {
      source.close();
    }
  } finally {
    release();
  }
}

/** Cgroups and network namespaces of this host as records have them. */
function filterOfPlaces({ netnsPlaces, cgroups }: CliOptions): Pick<Filter, 'netns' | 'cgroups'> {
  return {
    ...(netnsPlaces && { netns: netnsPlaces.map((place) => netnsInode(String(place))) }),
    ...(cgroups && { cgroups: cgroups.map(cgroupPath) }),
  };
}

/** Gives up all privileges and opens the file, which thus is the caller's, also of sudo; root's own is opened before. */
async function openAsCaller(path: string | undefined): Promise<Sink | undefined> {
  const open = async () => (path === undefined ? undefined : (await import('./file/single.js')).openSingleFile(path));
  const early = actsForItself() ? await open() : undefined;
  dropPrivileges();
  return early ?? open();
}

/** The same accepts into rows and a file: a batch is safe when both have it. */
async function withFile(rows: Output, sink: Sink, filter: Filter): Promise<Output> {
  const both = { required: true, lingerMs: 0 };
  const outlets = new Outlets(() => {});
  await outlets.replace([
    { ...both, name: 'rows', ...rows },
    { ...both, name: 'file', core: await loadCore({ format: 'avro' }), sink },
  ]);
  return { core: await loadCore({ format: 'avro', filter }), sink: outlets };
}

async function stream(
  source: LiveSource,
  { core, sink }: Output,
  limit: RateLimit | undefined,
  controller: AbortController,
): Promise<void> {
  const suppression = new SuppressionReport(core, limit);
  const loss = new LossReport(source);
  const second = setInterval(() => suppression.print(), SUPPRESSION_MS);
  const watch = setInterval(() => {
    loss.print();
    if (hungUp(STDOUT)) controller.abort();
  }, WATCH_MS);
  try {
    await sink.write({ bytes: core.header, records: 0 });
    await runPipeline({ source, core, sink, signal: controller.signal });
  } finally {
    clearInterval(second);
    clearInterval(watch);
    loss.print();
    suppression.end();
    await sink.close();
  }
}
