import type { Core } from '../filter-core/index.js';
import type { Drained, Sink, Source } from './contracts.js';

const BUSY_MS = 20;
const IDLE_MS = 100;

export interface Pipeline {
  readonly source: Source;
  readonly core: Pick<Core, 'input' | 'portions'>;
  readonly sink: Sink;
  /** Aborting it ends the pipeline: the source is detached, what it still holds is delivered. */
  readonly signal: AbortSignal;
  /** How long records may wait for a fuller batch while more arrive, ms; default 20. */
  readonly lingerMs?: () => number;
}

/**
 * Moves records from source to sink until the signal aborts or the source ends. A batch is committed after the sink has
 * it; the next is read only then. Rejects with what a stage threw, the read position back at the last commit: the same
 * call again delivers the failed batch again. Closes nothing.
 */
export async function runPipeline(pipeline: Pipeline): Promise<void> {
  const { lingerMs = () => BUSY_MS } = pipeline;
  let pause = lingerMs();
  while (!pipeline.signal.aborted) {
    const { bytes, next } = await deliver(pipeline);
    if (next === 'never') break;
    pause = bytes > 0 ? lingerMs() : Math.max(lingerMs(), Math.min(pause * 2, IDLE_MS));
    if (next !== 'now' && bytes * 2 < pipeline.core.input.length) await sleep(pause);
  }
  await pipeline.source.detach();
  while ((await deliver(pipeline)).bytes > 0);
}

async function deliver(pipeline: Pipeline): Promise<Drained> {
  const { source, core } = pipeline;
  const start = source.position();
  const drained = await source.read(core.input);
  if (drained.bytes === 0) return drained;
  try {
    for (const portion of core.portions(drained.bytes)) await pipeline.sink.write(portion);
    await source.commit(drained.position);
  } catch (error) {
    await source.seek(start);
    throw error;
  }
  return drained;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
