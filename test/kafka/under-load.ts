import { onTestFinished } from 'vitest';
import type { Program } from '../support/program.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { startRun, untilStderr } from './run-program.js';
import { countOf } from './topics.js';

/** Accepts per second of each thread. */
export const RATE = 1_000;
const THREADS = 2;
/** Longer than any fault: it is stopped when that is over. */
const LONGEST_S = 120;
/** Holds RATE × THREADS × 184 bytes for 45 s. */
export const LARGE_RING = 16_777_216;
const FLOW_MS = 60_000;

/** Accepts that go on until they are stopped. */
export const startBurst = (): Promise<Burst> => Burst.start({ count: RATE * LONGEST_S, rate: RATE, threads: THREADS });

/** Makes accepts while `fault` goes on; resolves with how many there were. */
export async function during(burst: Burst, fault: () => Promise<void>): Promise<number> {
  const running = burst.run();
  try {
    await fault();
  } finally {
    burst.stop();
  }
  return (await running).count;
}

/** As startRun, for the accepts of a burst; the test's end kills the program. */
export async function startUnder(
  burst: Burst,
  {
    ring = LARGE_RING,
    name,
    sinks,
  }: { readonly ring?: number | undefined; readonly name?: string; readonly sinks: object },
): Promise<Program> {
  const config = { source: { ring_bytes: ring }, filter: { pid: burst.pid }, sinks };
  const program = await startRun(config, name);
  onTestFinished(() => program.signal('SIGKILL'));
  return program;
}

/** Resolves when a second's worth of records more is in the topic. */
export async function flow(brokers: readonly string[], topic: string): Promise<void> {
  const goal = (await countOf(brokers, topic)) + RATE * THREADS;
  await until(`${goal} records in ${topic}`, async () => (await countOf(brokers, topic)) >= goal, FLOW_MS);
}

/** Resolves when the program says that its sink went on. */
export const wentOn = (program: Program): Promise<void> =>
  untilStderr(program, (text) => text.includes('went on after'), FLOW_MS);
