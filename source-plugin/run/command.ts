import { type Core, type Filter, loadCore } from '../../filter-core/index.js';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import { describeFilter, filterOf } from '../config/filter.js';
import { loadConfig } from '../config/load.js';
import type { RunConfig, SinkConfig } from '../config/types.js';
import { type LiveSource, openLive } from '../live.js';
import { log } from '../log.js';
import { LossReport } from '../loss.js';
import { runPipeline } from '../pipeline.js';
import { warnOfAbsent } from '../places.js';
import { dropPrivileges } from '../privileges.js';
import { stopOnSignal } from '../stop.js';
import { SuppressionReport } from '../suppression.js';
import { connect } from './connect.js';
import { ServiceManager } from './manager.js';
import { checkOutlet } from './open.js';
import { Outlets } from './outlets.js';
import { reloadOnHangup, tellMissing } from './reload.js';

/** How late a loss, and what a rate limit left out, is told of. */
const REPORT_MS = 1000;

/** Runs a configuration until a signal ends it; SIGHUP reads it again. Rejects with what failed. */
export async function run(path: string): Promise<void> {
  const config = loadConfig(path);
  // Capture comes first: accepts made while the sinks connect wait in the ring.
  const filter = filterOf(config.filter);
  const source = openSource(config, filter);
  const manager = new ServiceManager();
  try {
    dropPrivileges();
    await stream({ path, config, filter, source, manager });
  } finally {
    manager.close();
    source.close();
  }
}

/**
 * Validates a configuration, tries capture and asks every sink; says on stderr what a run would do, and does none of it.
 * Resolves with the exit status: 1 when a sink would fail.
 */
export async function check(path: string): Promise<number> {
  const config = loadConfig(path);
  openSource(config, filterOf(config.filter), log.report).close();
  // As a run does: a certificate that only root can read would fail it.
  dropPrivileges();
  const found = await Promise.all(Object.entries(config.sinks).map(([name, sink]) => checkSink(name, sink)));
  return found.every((isFine) => isFine) ? 0 : 1;
}

async function checkSink(name: string, sink: SinkConfig): Promise<boolean> {
  try {
    log.report(`${name}: ${await checkOutlet(sink, (message) => log.warn(`${name}: ${message}`))}`);
    return true;
  } catch (error) {
    if (!(error instanceof AcceptstreamError)) throw error;
    log.error(`${name}: ${error.message}`);
    return false;
  }
}

function openSource({ source, filter }: RunConfig, kept: Filter, tell = log.info): LiveSource {
  const { cgroup_map: cgroupMap, mntns_map: mntnsMap } = filter;
  const opened = openLive({ ...kept, cgroupMap, mntnsMap, ringBytes: source.ring_bytes });
  tell(`source: live by ${opened.hook}, ring of ${source.ring_bytes} bytes`);
  const description = describeFilter(filter);
  if (description) tell(`filter: ${description}`);
  warnOfAbsent(kept.cgroups);
  return opened;
}

interface Run {
  readonly path: string;
  readonly config: RunConfig;
  readonly filter: Filter;
  readonly source: LiveSource;
  readonly manager: ServiceManager;
}

async function stream({ path, config, filter, source, manager }: Run): Promise<void> {
  const core = await loadCore({ format: 'avro', filter });
  const controller = new AbortController();
  const { signal } = controller;
  const release = stopOnSignal(controller, ['SIGINT', 'SIGTERM']);
  const loss = new LossReport(source);
  const suppression = new SuppressionReport(core, filter.rateLimit);
  const watch = setInterval(() => {
    loss.print();
    suppression.print();
  }, REPORT_MS);
  const outlets = new Outlets((name, error) => {
    log.error(`${name} is left out: ${reasonOf(error)}`);
    manager.status(`${name} is left out: ${reasonOf(error)}`);
  });
  manager.status(`live by ${source.hook}, connecting ${Object.keys(config.sinks).join(', ')}`);
  const started = connect(config, signal).then((opened) => outlets.replace(opened));
  const forget = reloadOnHangup({ path, config, outlets, signal, manager }, started);
  signal.addEventListener('abort', () => {
    manager.stopping();
    outlets.hurry();
  });
  try {
    await started;
    manager.ready(`live by ${source.hook} to ${outlets.names}`);
    await runPipeline({
      source: watched(source, manager),
      core,
      sink: outlets,
      signal,
      lingerMs: () => outlets.lingerMs,
    });
  } finally {
    controller.abort();
    await forget();
    await outlets.close();
    tellMissing(outlets.missing);
    clearInterval(watch);
    release();
    loss.print();
    reportUndelivered(source, core);
    suppression.end();
  }
}

// The pipeline asks for more only when every sink has what it got.
function watched(source: LiveSource, manager: ServiceManager): LiveSource {
  const read = (target: Uint8Array) => {
    manager.moved();
    return source.read(target);
  };
  return { ...source, read };
}

// Not in the kernel's counters: they tell of what did not get into the ring. What the filter drops is no loss.
function reportUndelivered(source: LiveSource, core: Core): void {
  source.detach();
  let records = 0;
  for (let read = source.read(core.input); read.bytes > 0; read = source.read(core.input))
    for (const portion of core.portions(read.bytes)) records += portion.records;
  if (records > 0) log.loss(`Possibly lost ${records} samples`);
}
