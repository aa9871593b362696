import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Random } from './random.js';
import type { Target } from './target.js';
import type { Job, Outcome } from './worker.js';

/** An input that takes longer hangs: of the CPU's time, as the machine may be busy, or of a time that no machine needs. */
const HANG_CPU_US = 1_000_000;
const HANG_MS = 60_000;
/** The same before the first input, when everything is loaded. */
const START_CPU_US = 60_000_000;
const START_MS = 600_000;
const LOOK_MS = 100;

export interface Run {
  /** URL of a module that exports TARGETS. */
  readonly targets: string;
  readonly target: Target;
  readonly seed: number;
  readonly count: number;
  /** Called now and then with the number of inputs that were fed. */
  readonly onProgress: (inputs: number) => void;
}

/** Feeds a target its inputs in a thread of its own, and tells when one of them hangs. */
export async function watch(run: Run): Promise<Outcome> {
  const { targets, target, seed, count } = run;
  const progress = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
  const job: Job = { targets, name: target.name, seed, count, progress };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: job, execArgv: process.execArgv });
  const ended = new AbortController();
  try {
    const outcome = once(worker, 'message', { signal: ended.signal });
    return await Promise.race([outcome.then(([message]) => message as Outcome), hang(run, progress, ended.signal)]);
  } finally {
    ended.abort();
    await worker.terminate();
  }
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function hang(run: Run, progress: Int32Array, signal: AbortSignal): Promise<Outcome> {
  let input = -1;
  let since = { cpu: cpuUs(), time: performance.now() };
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal });
    const [cpuMax, timeMax] = input < 0 ? [START_CPU_US, START_MS] : [HANG_CPU_US, HANG_MS];
    const now = Atomics.load(progress, 0);
    if (now === input) {
      const [cpu, time] = [cpuUs() - since.cpu, performance.now() - since.time];
      if (cpu > cpuMax || time > timeMax) return hanging(run, input);
      continue;
    }
    input = now;
    since = { cpu: cpuUs(), time: performance.now() };
    run.onProgress(input);
  }
}

/** The thread can't be asked for its input: it is made again. */
async function hanging({ target, seed }: Run, input: number): Promise<Outcome> {
  const problem = 'it hangs: over a second of CPU time, or a minute';
  if (input < 0) return { kind: 'failed', input, problem, shown: 'before the first input' };
  const random = new Random(seed, target.name);
  const fuzz = await target.open(random.at(-1));
  return { kind: 'failed', input, problem, shown: fuzz.show(fuzz.make(random.at(input), input)) };
}
