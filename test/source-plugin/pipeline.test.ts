import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import type { Batch } from '../../source-plugin/contracts.js';
import { type Pipeline, runPipeline } from '../../source-plugin/pipeline.js';
import { datumOf, MemorySource } from './memory-source.js';

/** A core that hands its input on in portions of at most `portionBytes`; a record is a byte. */
function passingCore({ inputBytes = 8, portionBytes = 8 } = {}): Pipeline['core'] {
  const input = new Uint8Array(inputBytes);
  return {
    input,
    *portions(bytes) {
      for (let at = 0; at < bytes; at += portionBytes) {
        const end = Math.min(at + portionBytes, bytes);
        yield { bytes: input.subarray(at, end), records: end - at };
      }
    },
  };
}

/** Writes what it gets into `calls`, beside those of the source; each write first awaits `before`. */
function sinkBeside(source: MemorySource, before: (write: number) => void | Promise<void> = () => {}) {
  let writes = 0;
  return {
    async write({ bytes, records }: Batch) {
      writes += 1;
      source.calls.push(`write ${text(bytes)} (${records})`);
      await before(writes);
      source.calls.push('written');
    },
    async close() {
      source.calls.push('close sink');
    },
  };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const datums = (letters: string) => [...letters].map((letter) => Buffer.from(letter));
const aborted = () => AbortSignal.abort();

/** Lets everything run that waits for no timer. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('one batch', () => {
  test('is committed when the sink has all portions of it, and not before', async () => {
    const source = new MemorySource(datums('abcde'));
    const gate = gateOf();
    const sink = sinkBeside(source, (write) => (write === 2 ? gate.promise : undefined));
    const run = runPipeline({ source, core: passingCore({ portionBytes: 3 }), sink, signal: aborted() });
    await vi.waitFor(() => expect(source.calls).toContain('write de (2)'));
    await new Promise(setImmediate);
    expect(source.calls).toEqual(['detach', 'read 5', 'write abc (3)', 'written', 'write de (2)']);
    expect(source.committed).toBe(0);
    gate.resolve();
    await run;
    expect(source.calls.slice(5)).toEqual(['written', 'commit 5', 'read 0']);
  });

  test('is filtered and formatted by the core', async () => {
    const source = new MemorySource([datumOf({ local_port: 22 }), datumOf({ local_port: 80, remote_port: 1 })]);
    const core = await loadCore({ format: 'tcpaccept', filter: { ports: [80] } });
    await runPipeline({ source, core, sink: sinkBeside(source), signal: aborted() });
    const row = '907     caf\xc3\xa9        4  192.0.2.7        1     192.0.2.1        80   \n';
    expect(source.calls).toEqual(['detach', 'read 2', `write ${row} (1)`, 'written', 'commit 2', 'read 0']);
  });

  test('of which the core keeps nothing is committed without a write', async () => {
    const source = new MemorySource([datumOf({ local_port: 22 })]);
    const core = await loadCore({ format: 'avro', filter: { ports: [80] } });
    await runPipeline({ source, core, sink: sinkBeside(source), signal: aborted() });
    expect(source.calls).toEqual(['detach', 'read 1', 'commit 1', 'read 0']);
  });
});

describe('a failure', () => {
  const failing = (source: MemorySource, write: number) =>
    sinkBeside(source, (count) => {
      if (count === write) throw new Error('disk full');
    });

  test('of the first write leaves the batch to be read again', async () => {
    const source = new MemorySource(datums('abc'));
    const pipeline = { source, core: passingCore(), sink: failing(source, 1), signal: aborted() };
    await expect(runPipeline(pipeline)).rejects.toThrow('disk full');
    expect(source.calls).toEqual(['detach', 'read 3', 'write abc (3)', 'seek 0']);
    source.calls.length = 0;
    await runPipeline(pipeline);
    expect(source.calls).toEqual(['detach', 'read 3', 'write abc (3)', 'written', 'commit 3', 'read 0']);
  });

  test('of a later portion or batch goes back to the last commit, no further', async () => {
    const source = new MemorySource(datums('abcdef'));
    const core = passingCore({ inputBytes: 4, portionBytes: 1 });
    const pipeline = { source, core, sink: failing(source, 6), signal: aborted() };
    await expect(runPipeline(pipeline)).rejects.toThrow('disk full');
    expect(source.calls.filter((call) => /read|commit|seek/.test(call))).toEqual([
      'read 4',
      'commit 4',
      'read 2',
      'seek 4',
    ]);
    source.calls.length = 0;
    await runPipeline(pipeline);
    expect(source.calls.filter((call) => call.startsWith('write '))).toEqual(['write e (1)', 'write f (1)']);
  });

  test('of the core goes back too', async () => {
    const source = new MemorySource([datumOf(), Buffer.from([1])]);
    const core = await loadCore({ format: 'avro' });
    await expect(runPipeline({ source, core, sink: sinkBeside(source), signal: aborted() })).rejects.toMatchObject({
      name: 'AcceptstreamError',
      code: 'MALFORMED',
    });
    expect(source.calls.filter((call) => /commit|seek/.test(call))).toEqual(['seek 0']);
  });

  test('of a read is passed on, with nothing to go back to', async () => {
    const source = new MemorySource();
    source.read = () => {
      throw new Error('no ring');
    };
    const run = runPipeline({ source, core: passingCore(), sink: sinkBeside(source), signal: aborted() });
    await expect(run).rejects.toThrow('no ring');
    expect(source.calls).toEqual(['detach']);
  });
});

describe('over time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const started = (
    source: MemorySource,
    { inputBytes = 8, lingerMs }: { inputBytes?: number; lingerMs?: number } = {},
  ) => {
    const stop = new AbortController();
    const linger = lingerMs === undefined ? {} : { lingerMs: () => lingerMs };
    const stages = { source, core: passingCore({ inputBytes }), sink: sinkBeside(source) };
    return { stop, run: runPipeline({ ...stages, signal: stop.signal, ...linger }) };
  };

  /** When the source is read, ms from now on. */
  function readTimes(source: MemorySource): number[] {
    const times: number[] = [];
    const start = Date.now();
    const read = source.read.bind(source);
    source.read = (target) => {
      times.push(Date.now() - start);
      return read(target);
    };
    return times;
  }

  test('it reads 20 ms after a record, and ever later up to 100 ms while there is none', async () => {
    const source = new MemorySource(datums('a'));
    const reads = readTimes(source);
    const { stop, run } = started(source);
    await vi.advanceTimersByTimeAsync(250);
    expect(reads).toEqual([0, 20, 60, 140, 240]);
    source.append(...datums('b'));
    await vi.advanceTimersByTimeAsync(160);
    expect(reads.slice(5)).toEqual([340, 360, 400]);
    stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    await run;
  });

  test.for([
    [10, [0, 10, 30, 70, 150]],
    [80, [0, 80, 180]],
  ] as const)('records may wait %i ms for a fuller batch', async ([lingerMs, expected]) => {
    const source = new MemorySource(datums('a'));
    const reads = readTimes(source);
    const { stop, run } = started(source, { lingerMs });
    await vi.advanceTimersByTimeAsync(200);
    expect(reads).toEqual(expected);
    stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    await run;
  });

  test('it reads on without a pause while at least half of the input is filled', async () => {
    const source = new MemorySource(datums('abcdefghijklmnopqrstuvwxwxyz'));
    const { stop, run } = started(source);
    await settle();
    const reads = () => source.calls.filter((call) => call.startsWith('read'));
    expect(reads()).toEqual(['read 8', 'read 8', 'read 8', 'read 4', 'read 0']);
    source.append(...datums('abc'));
    await vi.advanceTimersByTimeAsync(40);
    expect(reads().slice(5)).toEqual(['read 3']);
    stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    await run;
  });

  test('it reads on without a pause from a source that waits by itself, and ends with the source', async () => {
    const source = new MemorySource(datums('abc'));
    const read = source.read.bind(source);
    source.read = () => {
      const drained = read(new Uint8Array(1));
      return { ...drained, next: drained.records === 0 ? 'never' : 'now' };
    };
    const { run } = started(source);
    await settle();
    await run;
    expect(source.calls.filter((call) => call.startsWith('commit'))).toEqual(['commit 1', 'commit 2', 'commit 3']);
    expect(source.calls.slice(-3)).toEqual(['read 0', 'detach', 'read 0']);
  });

  test('the last batch of a source that ends with it is delivered', async () => {
    const source = new MemorySource(datums('a'));
    const read = source.read.bind(source);
    source.read = (target) => ({ ...read(target), next: 'never' });
    const { run } = started(source);
    await settle();
    await run;
    expect(source.calls).toEqual(['read 1', 'write a (1)', 'written', 'commit 1', 'detach', 'read 0']);
  });

  test('it takes nothing more while the sink has not taken the last batch', async () => {
    const source = new MemorySource(datums('a'));
    const gate = gateOf();
    const stop = new AbortController();
    const sink = sinkBeside(source, () => gate.promise);
    const run = runPipeline({ source, core: passingCore(), sink, signal: stop.signal });
    source.append(...datums('b'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(source.calls).toEqual(['read 1', 'write a (1)']);
    gate.resolve();
    stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    await run;
    expect(source.calls.slice(2)).toEqual([
      ...['written', 'commit 1', 'detach', 'read 1', 'write b (1)', 'written', 'commit 2', 'read 0'],
    ]);
  });

  test('an abort ends it when all that was there by then is delivered, and closes nothing', async () => {
    const source = new MemorySource();
    const { stop, run } = started(source, { inputBytes: 2 });
    await settle();
    source.append(...datums('abc'));
    stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    await run;
    expect(source.calls).toEqual([
      ...['read 0', 'detach', 'read 2', 'write ab (2)', 'written', 'commit 2'],
      ...['read 1', 'write c (1)', 'written', 'commit 3', 'read 0'],
    ]);
  });
});

function gateOf() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
