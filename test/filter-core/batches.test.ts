import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CoreOptions, loadCore } from '../../filter-core/index.js';
import * as reference from '../reference/tcpaccept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, textOf, typeOf, zoneAt } from './support.js';

const FORMS: CoreOptions[] = [
  { format: 'tcpaccept' },
  { format: 'tcpaccept', time: true, timestamp: true, zoneAt },
  { format: 'avro', filter: { family: 4 } },
];

test('however the input is cut into batches, the bytes are the same', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAccept, { maxLength: 12 }),
      cuts,
      fc.constantFrom(...FORMS),
      async (records, sizes, options) => {
        const whole = drain(await loadCore(options), encode(records));
        const core = await loadCore(options);
        let text = '';
        for (let at = 0, cut = 0; at < records.length; cut++) {
          const size = sizes[cut % sizes.length] ?? 1;
          text += drain(core, encode(records.slice(at, at + size))).text;
          at += size;
        }
        expect(text).toBe(whole.text);
        expect(core.totals.kept).toBe(whole.records);
      },
    ),
    { numRuns: 150 },
  );
});

describe('when the output is full', () => {
  // A datum of a few bytes makes a row of over seventy: the output is full before the input is read.
  const small = recordOf(['monotonic_us', 'long'], ['remote_address', 'string']);
  const type = typeOf(small);
  const options: CoreOptions = { format: 'tcpaccept', timestamp: true, writerSchema: small };

  const UNKNOWN = { pid: -1, comm: '', ip_version: -1, remote_port: -1, local_address: '', local_port: -1 };

  test.each([0, 1, 2, 3, 16, 17, 31, 100])('it goes on with the next record, addresses of %d bytes', async (length) => {
    const core = await loadCore(options);
    const remote_address = 'a'.repeat(length);
    // Rows of over 70 bytes, so more than the output holds.
    const records = Math.min(Math.floor(core.input.length / (length + 6)), Math.ceil(core.input.length / 50));
    const datums = Array.from({ length: records }, (_, index) => ({ monotonic_us: index * 1000, remote_address }));
    const bytes = encode(datums, type);
    core.input.set(bytes);
    const portions = [...core.portions(bytes.length)].map((portion) => portion.bytes.length);
    expect(portions.length).toBeGreaterThan(1);
    expect(Math.min(...portions.slice(0, -1))).toBeGreaterThan(core.input.length - 1000);
    expect(core.totals).toEqual({
      received: records,
      kept: records,
      filtered: 0,
      malformed: 0,
      suppressed: 0,
      unlimited: 0,
    });
    const accepts = datums.map((datum) => acceptOf({ ...UNKNOWN, ...datum }));
    const text = reference.rows(accepts, { timestamp: true });
    expect(drain(await loadCore(options), bytes)).toEqual({ text, records });
  });

  test('a datum that fills the input makes a row, or passes through', async () => {
    const { input } = await loadCore(options);
    const address = (bytes: number) => ({ monotonic_us: 0, remote_address: 'a'.repeat(bytes) });
    const longest = input.length - type.toBuffer(address(0)).length - 2;
    const datum = type.toBuffer(address(longest));
    expect(datum.length).toBe(input.length);
    const text = await textOf(datum, options);
    expect(text.length).toBeGreaterThan(longest);
    expect(text).toContain(` ${'a'.repeat(longest)} `);
    expect(drain(await loadCore({ format: 'avro', writerSchema: small }), datum).text).toBe(datum.toString('latin1'));
    const dirty = Buffer.from(datum).fill(0x0a, datum.indexOf('a'));
    expect(await textOf(dirty, options)).toBe(text.replace(/a/g, '?'));
  });
});

test('an empty batch yields nothing, and a batch of which nothing is kept neither', async () => {
  const core = await loadCore({ format: 'tcpaccept', filter: { pid: 1 } });
  expect([...core.portions(0)]).toEqual([]);
  core.input.set(encode([acceptOf({ pid: 2 })]));
  expect([...core.portions(encode([acceptOf({ pid: 2 })]).length)]).toEqual([]);
  expect(core.totals).toEqual({ received: 1, kept: 0, filtered: 1, malformed: 0, suppressed: 0, unlimited: 0 });
});

test('two cores share nothing', async () => {
  const first = await loadCore({ format: 'tcpaccept', timestamp: true, filter: { pid: 1 } });
  const second = await loadCore({ format: 'tcpaccept', timestamp: true });
  const datum = (monotonic_us: number) => encode([acceptOf({ pid: 1, monotonic_us })]);
  expect(drain(first, datum(0)).text).toMatch(/^0\.000 /);
  expect(drain(second, datum(9_000_000)).text).toMatch(/^0\.000 /);
  expect(drain(first, datum(5_000_000)).text).toMatch(/^5\.000 /);
  expect(drain(second, encode([acceptOf({ pid: 2, monotonic_us: 8_000_000 })])).text).toMatch(/^-1\.000 /);
});
