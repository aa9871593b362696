// Runs one target in a thread of its own, so that one that hangs can be told of and ended.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from './random.js';
import type { Fuzz, Target } from './target.js';

/** What a worker is given. `progress[0]` is the number of the input at hand. */
export interface Job {
  readonly targets: string;
  readonly name: string;
  readonly seed: number;
  readonly count: number;
  readonly progress: Int32Array;
}

/** Bytes that a worker has in use after garbage was collected. */
export interface Memory {
  readonly wasm: number;
  readonly heap: number;
  readonly rss: number;
}

export type Outcome =
  | { readonly kind: 'done'; readonly before: Memory; readonly after: Memory }
  | { readonly kind: 'failed'; readonly input: number; readonly problem: string; readonly shown: string };

/** The compiler and the caches have what they need when so many inputs were fed, or a tenth. */
const WARM_UP = 20_000;
const COLLECTIONS = 3;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

// What stands outside the heap is freed behind a collection, by another thread: the next one waits for it.
async function memoryOf(fuzz: Fuzz): Promise<Memory> {
  for (let round = 0; round < COLLECTIONS; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { wasm: fuzz.wasmBytes, heap: heapUsed + external, rss };
}

function shown(fuzz: Fuzz, input: unknown): string {
  return input === undefined ? 'it could not be made' : fuzz.show(input);
}

async function run({ name, seed, count, progress }: Job, target: Target): Promise<Outcome> {
  // An error is made for most inputs, and nobody reads where.
  Error.stackTraceLimit = 0;
  const random = new Random(seed, name);
  const fuzz = await target.open(random.at(-1));
  const warm = Math.min(WARM_UP, Math.floor(count / 10));
  let before = await memoryOf(fuzz);
  for (let index = 0; index < count; index++) {
    progress[0] = index;
    if (index === warm) before = await memoryOf(fuzz);
    let input: unknown;
    try {
      input = fuzz.make(random.at(index), index);
      const waits = fuzz.feed(input);
      if (waits !== undefined) await waits;
    } catch (error) {
      return { kind: 'failed', input: index, problem: String(error), shown: shown(fuzz, input) };
    }
  }
  return { kind: 'done', before, after: await memoryOf(fuzz) };
}

const job = workerData as Job;
const { TARGETS } = (await import(job.targets)) as { TARGETS: readonly Target[] };
const target = TARGETS.find(({ name }) => name === job.name);
if (target === undefined) throw new Error(`there is no target ${job.name}`);
parentPort?.postMessage(await run(job, target));
