import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, loadCore, RATE_KEYS } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { kept } from '../reference/filter.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { accept, fewOf } from './condition-values.js';
import { drain, encode } from './support.js';

describe('rate limit', () => {
  const rateLimit = fc.record({
    records: fc.integer({ min: 1, max: 3 }),
    key: fc.constantFrom(...RATE_KEYS),
    intervalMs: fc.constantFrom(1, 500, 1000),
  });
  const timed = fc
    .tuple(accept, fc.oneof(fc.nat({ max: 2_500_000 }), fc.integer({ min: -(2 ** 52), max: 2 ** 52 })))
    .map(([record, event_time]): Accept => ({ ...record, event_time, remote_address: `10.0.0.${record.pid}` }));

  test('any limit behind any conditions keeps what the reference keeps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(timed, accept), { maxLength: 60 }),
        rateLimit,
        fewOf,
        async (all, limit, rest) => {
          const by = { ...rest, rateLimit: limit };
          const core = await loadCore({ format: 'avro', filter: by });
          const wanted = kept(all, by);
          expect(drain(core, encode(all)).text).toBe(encode(wanted).toString('latin1'));
          expect(core.totals).toEqual({
            received: all.length,
            kept: wanted.length,
            filtered: all.length - wanted.length,
            malformed: 0,
            suppressed: kept(all, rest).length - wanted.length,
            unlimited: 0,
          });
        },
      ),
      { numRuns: 600 },
    );
  }, 120_000);

  const from = (remote_address: string, ms: number) => acceptOf({ remote_address, event_time: ms * 1000 });
  const limit: Filter = { rateLimit: { records: 2, key: 'remote_address' } };

  test('the keys of what it suppressed are counted, and asked for anew each time', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    const burst = (ms: number) =>
      encode(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.1'].map((text) => from(text, ms)));
    drain(core, burst(0));
    expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
    drain(core, burst(999));
    expect(core.takeSuppressed()).toEqual({ records: 4, keys: 1, unlimited: 0 });
    drain(core, burst(1000));
    expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
    expect(core.takeSuppressed()).toEqual({ records: 0, keys: 0, unlimited: 0 });
    expect(core.totals).toMatchObject({ received: 15, kept: 7, filtered: 8, suppressed: 8 });
  });

  test('a batch that its consumer gave up is not counted', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    const batch = encode([from('10.0.0.1', 0), from('10.0.0.1', 0)]);
    core.input.set(batch);
    for (const _portion of core.portions(batch.length)) break;
    expect(drain(core, batch).records).toBe(2);
    expect(drain(core, batch).records).toBe(0);
  });

  test('what it suppressed of a batch that was given up is counted once', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    drain(core, encode([1, 2, 3].map(() => from('10.0.0.1', 0))));
    const batch = encode([from('10.0.0.1', 0), from('10.0.0.2', 0), from('10.0.0.1', 0)]);
    const giveUp = () => {
      core.input.set(batch);
      for (const _portion of core.portions(batch.length)) break;
    };
    giveUp();
    expect(core.totals.suppressed).toBe(1);
    expect(core.takeSuppressed()).toEqual({ records: 1, keys: 1, unlimited: 0 });
    giveUp();
    expect(core.takeSuppressed().records).toBe(0);
    drain(core, batch);
    expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
    expect(core.totals.suppressed).toBe(3);
  });

  test('what was told of a batch before it was given up is not told again', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    const batch = encode([1, 2, 3, 4].map(() => from('10.0.0.1', 0)));
    core.input.set(batch);
    for (const _portion of core.portions(batch.length)) {
      expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
      break;
    }
    expect(core.totals.suppressed).toBe(0);
    drain(core, batch);
    expect(core.takeSuppressed().records).toBe(0);
    expect(core.totals.suppressed).toBe(2);
    drain(core, encode([from('10.0.0.1', 0)]));
    expect(core.takeSuppressed().records).toBe(1);
  });

  test('each record is counted once, also when the output fills up before it', async () => {
    const core = await loadCore({ format: 'ecs', filter: { rateLimit: { records: 1_000_000, key: 'pid' } } });
    const datum = encode([from('10.0.0.1', 0)]);
    const count = Math.floor(core.input.length / datum.length);
    const again = await loadCore({ format: 'ecs', filter: { rateLimit: { records: count, key: 'pid' } } });
    for (const one of [core, again])
      expect(drain(one, Buffer.concat(Array.from({ length: count }, () => datum))).records).toBe(count);
    expect(drain(again, datum).records).toBe(0);
  });

  test('when there is no place for a key its records pass, and are counted', async () => {
    const core = await loadCore({ format: 'avro', filter: { rateLimit: { records: 1, key: 'pid' } } });
    const PLACES = 16384;
    for (let pid = 0; pid < PLACES * 2; pid += 512)
      drain(core, encode(Array.from({ length: 512 }, (_, index) => acceptOf({ pid: pid + index, event_time: 0 }))));
    const { unlimited, kept: keptRecords, suppressed } = core.totals;
    expect({ keptRecords, suppressed }).toEqual({ keptRecords: PLACES * 2, suppressed: 0 });
    expect(unlimited).toBeGreaterThanOrEqual(PLACES);
    expect(unlimited).toBeLessThan(PLACES * 1.1);
    // Their interval is over: there is room again.
    expect(
      drain(core, encode([acceptOf({ pid: -5, event_time: 1e6 }), acceptOf({ pid: -5, event_time: 1e6 })])).records,
    ).toBe(1);
  });
});
