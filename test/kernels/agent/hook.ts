// All paths on one hook, in one capture.
import { release as kernelRelease } from 'node:os';
import type { Accept, Hook } from '../../../source-plugin/index.js';
import { isOf, Observer } from '../../support/observer.js';
import { recordProblems } from '../../support/record-problems.js';
import { type Outcome, runWorkload, type Truth, Workload } from '../../workload/workload.js';
import type { KernelListener } from './kernel-listener.js';
import { makePaths, type Path } from './paths.js';

/** What was seen of a path: each accept once and whole, only some of them, nothing at all, or what `problems` say. */
export interface Sight {
  readonly path: string;
  readonly hook: Hook;
  readonly seen: 'once' | 'partly' | 'none' | 'absent' | 'refused' | 'wrong';
  readonly problems: readonly string[];
  /** Of `counters`: runs of the programs that the kernel itself skipped; of a path seen partly or not: its accepts not seen. */
  readonly missed?: number;
}

// A virtual CPU may stand still between two readings of a clock.
const CLOCK_STEP_US = 50_000;
const HANGS_MS = 180_000;
const OLDEST_TASK_REGISTERS = [5, 15] as const;

/** Whether a hook reaches the listener, and so its queue. */
function knowsListener(hook: Hook): boolean {
  if (hook.endsWith('security_sock_graft')) return false;
  const [major = 0, minor = 0] = kernelRelease().split('.').map(Number);
  const [first, second] = OLDEST_TASK_REGISTERS;
  return !hook.startsWith('tracepoint:') || major > first || (major === first && minor >= second);
}

/** What a hook can know of an accept. Many threads at once change the queue before it can be asked. */
function visible(truth: Truth, record: Accept, hook: Hook, many: boolean): Truth {
  if (!knowsListener(hook)) return { ...truth, backlog: -1, backlog_max: -1 };
  return many && record.backlog >= 0 && record.backlog < truth.backlog_max
    ? { ...truth, backlog: record.backlog }
    : truth;
}

function problemsOf(path: Path, truth: Truth, records: readonly Accept[], hook: Hook): string[] {
  const known = path.correct ? path.correct(truth) : truth;
  const context = { hook, mptcp: path.mptcp ?? false, clockStepUs: CLOCK_STEP_US };
  const many = (path.scenario.parked ?? 0) > 1;
  return records.flatMap((record) => recordProblems(record, visible(known, record, hook, many), context));
}

/** The records of each accept; those of none, and those too many, are problems. */
function compare(path: Path, accepts: readonly Truth[], records: readonly Accept[], hook: Hook) {
  const pairs = accepts.map((truth) => ({ truth, own: records.filter((record) => isOf(truth, record)) }));
  const known = new Set(pairs.flatMap(({ own }) => own));
  return {
    missed: pairs.filter(({ own }) => own.length === 0).length,
    problems: [
      ...pairs.flatMap(({ truth, own }) => problemsOf(path, truth, own, hook)),
      ...pairs.flatMap(({ truth, own }) => (own.length > 1 ? [`${own.length} records of ${truth.client_port}`] : [])),
      ...records.filter((record) => !known.has(record)).map((record) => `a record of ${record.remote_port}, no accept`),
    ],
  };
}

function judge(path: Path, outcome: Outcome | Error, all: readonly Accept[], hook: Hook): Sight {
  const sight = { path: path.name, hook, problems: [] };
  if (outcome instanceof Error) return { ...sight, seen: 'wrong', problems: [outcome.message] };
  const { accepts, ready, extra } = outcome;
  const records = all.filter((record) => record.pid === ready.pid);
  if (path.isAbsent?.(accepts)) return { ...sight, seen: 'absent' };
  const ends = accepts.filter((accept) => accept.errno !== (path.errno ?? 0));
  const wrong = ends.map((accept) => `the accept itself ended with errno ${accept.errno}`);
  if (extra && extra.returned !== accepts[0]?.fd) wrong.push(`${extra.extra}: ${JSON.stringify(extra)}`);
  const { missed, problems } = compare(path, accepts, records, hook);
  if (wrong.length + problems.length > 0) return { ...sight, seen: 'wrong', problems: [...wrong, ...problems] };
  if (missed === 0) return { ...sight, seen: 'once' };
  return { ...sight, seen: records.length === 0 ? 'none' : 'partly', missed };
}

async function startAll(paths: readonly Path[]): Promise<Workload[]> {
  const processes: Workload[] = [];
  for (const { scenario, program } of paths) processes.push(await Workload.start(scenario, program));
  return processes;
}

/** One that hangs must not take the others with it. */
async function runOne(process: Workload): Promise<Outcome | Error> {
  const timer = setTimeout(() => process.kill(), HANGS_MS);
  try {
    return await process.run();
  } catch (error) {
    return error as Error;
  } finally {
    clearTimeout(timer);
  }
}

async function runAll(processes: readonly Workload[], observer: Observer): Promise<(Outcome | Error)[]> {
  const outcomes: (Outcome | Error)[] = [];
  for (const process of processes) {
    outcomes.push(await runOne(process));
    observer.drain();
  }
  return outcomes;
}

/** Every accept of the guest was ours, so the counters have to say the same as the records. */
function countersOf(observer: Observer, hook: Hook): Sight {
  const { missed, ...counters } = observer.live.counters();
  const { seen, filtered, submitted, lost } = counters;
  const wanted = observer.records.length;
  const isRight = seen === wanted && submitted === wanted && filtered + lost === 0;
  const problems = isRight ? [] : [`${wanted} records: ${JSON.stringify(counters)}`];
  return { path: 'counters', hook, seen: isRight ? 'once' : 'wrong', problems, missed };
}

async function observePaths(hook: Hook, listener: KernelListener, observer: Observer, started: Started) {
  const { paths, processes } = started;
  const outcomes = await runAll(processes, observer);
  const connection = await listener.connect();
  // The ring is in order: with this record all others are there.
  const last = await runWorkload({});
  await observer.find('the last accept', (record) => isOf(last.accepts[0] as Truth, record));
  const sights = paths.map((path, at) => judge(path, outcomes[at] as Outcome | Error, observer.records, hook));
  return [
    ...sights,
    listener.judge(connection, observer.records, hook, knowsListener(hook)),
    countersOf(observer, hook),
  ];
}

interface Started {
  readonly paths: readonly Path[];
  readonly processes: readonly Workload[];
}

function refused(hook: Hook, paths: readonly Path[], error: unknown): Sight[] {
  const problems = [error instanceof Error ? error.message : String(error)];
  const names = [...paths.map((path) => path.name), 'kernel', 'counters'];
  return names.map((path) => ({ path, hook, seen: 'refused', problems }));
}

/** Runs every path with all processes started before the capture; resolves with what was seen of each. */
export async function observeHook(hook: Hook, listener: KernelListener): Promise<Sight[]> {
  const { paths, release } = makePaths();
  const processes = await startAll(paths);
  let observer: Observer | undefined;
  try {
    observer = new Observer({ hook });
  } catch (error) {
    for (const process of processes) process.kill();
    return refused(hook, paths, error);
  }
  try {
    return await observePaths(hook, listener, observer, { paths, processes });
  } finally {
    observer.close();
    await release();
  }
}
