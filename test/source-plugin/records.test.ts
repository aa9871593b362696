import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import { decodeAccepts } from '../../source-plugin/records.js';
import { acceptOf, acceptType, datumOf } from './memory-source.js';

// avsc writes longs past 52 bits wrong (its default long type); microseconds since 1970 have fewer until 2112.
const LONG_MAX = 2 ** 52 - 1;

const VALUES = {
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.integer({ min: -LONG_MAX, max: LONG_MAX }),
  string: fc.string({ unit: 'binary' }),
} as const;

const anyAccept = fc.record(
  Object.fromEntries(ACCEPT_FIELDS.map(({ name, kind }) => [name, VALUES[kind] as fc.Arbitrary<unknown>])),
) as unknown as fc.Arbitrary<Accept>;

test('what avsc encodes back to back comes out as it went in', () => {
  fc.assert(
    fc.property(fc.array(anyAccept, { maxLength: 4 }), (accepts) => {
      const bytes = Buffer.concat(accepts.map((accept) => acceptType.toBuffer(accept)));
      expect(decodeAccepts(bytes).map((accept) => ({ ...accept }))).toEqual(accepts.map((accept) => ({ ...accept })));
    }),
    { numRuns: 200 },
  );
});

test('a view into a larger buffer is read where it is', () => {
  const datum = datumOf({ pid: 7 });
  const memory = new Uint8Array(datum.length + 20).fill(0xff);
  memory.set(datum, 10);
  expect(decodeAccepts(memory.subarray(10, 10 + datum.length))).toEqual([acceptOf({ pid: 7 })]);
});

describe('bytes that are no records', () => {
  const two = Buffer.concat([datumOf(), datumOf()]);

  test.for([1, datumOf().length - 1, datumOf().length + 1, two.length - 1])('cut off at %i', (length) => {
    const start = length < datumOf().length ? 0 : datumOf().length;
    expect(() => decodeAccepts(two.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'MALFORMED', message: `the record at byte ${start} is cut off` }),
    );
  });

  test('a string longer than all bytes', () => {
    const datum = datumOf({ host: 'HOST' });
    const length = datum.indexOf('HOST') - 1;
    datum.set([0xfe, 0xff, 0xff, 0xff, 0x0f], length);
    expect(() => decodeAccepts(datum)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});
