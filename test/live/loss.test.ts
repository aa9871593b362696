import { expect, test } from 'vitest';
import type { Accept, LiveOptions } from '../../source-plugin/index.js';
import { Observer } from '../support/observer.js';
import { describeHooks } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';

const BURST_MS = 90_000;

interface Audit {
  readonly gaps: readonly string[];
  /** Lost before the last record of each CPU, added up. */
  readonly lost: number;
}

/** What a reader can tell from the records alone: each gap in a CPU's sequence is what its `lost` grew by. */
function audit(records: readonly Accept[]): Audit {
  const last = new Map<number, Pick<Accept, 'sequence' | 'lost'>>();
  const gaps: string[] = [];
  for (const record of [...records].sort((a, b) => a.sequence - b.sequence)) {
    const previous = last.get(record.cpu) ?? { sequence: 0, lost: 0 };
    const gap = record.sequence - previous.sequence - 1;
    if (gap !== record.lost - previous.lost)
      gaps.push(`cpu ${record.cpu}, ${record.sequence}: a gap of ${gap}, lost ${previous.lost} to ${record.lost}`);
    last.set(record.cpu, record);
  }
  return { gaps, lost: [...last.values()].reduce((sum, one) => sum + one.lost, 0) };
}

describeHooks('seen = filtered + delivered + lost', (hook) => {
  /** Reads while the burst runs, and on until the law holds: then all is at rest. */
  async function readThrough(observer: Observer, burst: Burst): Promise<void> {
    let running = true;
    const ended = burst.run().finally(() => {
      running = false;
    });
    const drainAndCheck = () => {
      observer.drain();
      return !running;
    };
    await until('the burst has ended', drainAndCheck, BURST_MS);
    await ended;
    const state = () => JSON.stringify({ ...observer.live.counters(), delivered: observer.records.length });
    await until(
      () => `the law, at rest: ${state()}`,
      () => {
        observer.drain();
        const { seen, filtered, lost } = observer.live.counters();
        return seen === filtered + observer.records.length + lost;
      },
    );
  }

  async function through(burst: Burst, options: LiveOptions): Promise<Observer> {
    const observer = new Observer({ ...options, hook });
    try {
      await readThrough(observer, burst);
      return observer;
    } finally {
      observer.live.detach();
    }
  }

  test('200 000 accepts in one burst', { timeout: 120_000 }, async () => {
    const count = 100_000;
    const burst = await Burst.start({ count, threads: 2 });
    const observer = await through(burst, { pid: burst.pid });
    const { filtered, submitted, lost, missed, seen } = observer.live.counters();
    expect(submitted + lost).toBe(2 * count);
    expect(seen).toBe(filtered + 2 * count);
    expect(missed).toBe(0);
    expect(observer.records).toHaveLength(submitted);
    expect(observer.records.every((record) => record.pid === burst.pid)).toBe(true);
    const { gaps, lost: lostBeforeLast } = audit(observer.records);
    expect(gaps).toEqual([]);
    expect(lostBeforeLast).toBeLessThanOrEqual(lost);
    observer.close();
  });

  test('a ring that is far too small: the records alone tell what was lost between them', async () => {
    const count = 10_000;
    const burst = await Burst.start({ count, threads: 2 });
    const observer = await through(burst, { pid: burst.pid, ringBytes: 4096 });
    const { submitted, lost } = observer.live.counters();
    expect(submitted + lost).toBe(2 * count);
    expect(lost).toBeGreaterThan(0);
    const { gaps, lost: lostBeforeLast } = audit(observer.records);
    expect(gaps).toEqual([]);
    expect(lostBeforeLast).toBeGreaterThan(0);
    expect(lostBeforeLast).toBeLessThanOrEqual(lost);
    observer.close();
  });

  test('a filter that drops the whole burst', async () => {
    const count = 10_000;
    const burst = await Burst.start({ count, family: 6 });
    const observer = await through(burst, { pid: burst.pid, family: 4 });
    expect(observer.records).toEqual([]);
    expect(observer.live.counters().filtered).toBeGreaterThanOrEqual(count);
    observer.close();
  });
});
