import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Core, type CoreOptions, loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS } from '../../schemas/accept.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, typeOf, zoneAt } from './support.js';

const FORMATS: CoreOptions[] = [
  { format: 'tcpaccept' },
  { format: 'tcpaccept', time: true, timestamp: true, zoneAt },
  { format: 'avro' },
  { format: 'avro', filter: { pid: 7, ports: [80], family: 4 } },
];

const good = acceptOf({ pid: 7, local_port: 80 });
const whole = encode([good]);

/** What a core yields before it throws, and the error. */
function drainBroken(core: Core, bytes: Uint8Array): { records: number; error: unknown } {
  core.input.set(bytes);
  let records = 0;
  try {
    for (const portion of core.portions(bytes.length)) records += portion.records;
  } catch (error) {
    return { records, error };
  }
  return { records, error: undefined };
}

async function expectMalformed(options: CoreOptions, bytes: Uint8Array, offset: number): Promise<void> {
  const core = await loadCore(options);
  const { error } = drainBroken(core, bytes);
  expect(error).toBeInstanceOf(AcceptstreamError);
  expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining(` byte ${offset}:`) });
  expect(core.totals.malformed).toBe(1);
}

const LINES = (['wide', 'json', 'ecs', 'ocsf', 'otel'] as const).map((format): CoreOptions => ({ format }));

describe.each([...FORMATS, ...LINES])('%j', (options) => {
  test('every truncation of a datum is noticed where it starts, behind whole ones', async () => {
    const core = await loadCore(options);
    for (let length = 1; length < whole.length; length++) {
      const before = { ...core.totals };
      const { records, error } = drainBroken(core, Buffer.concat([whole, whole, whole.subarray(0, length)]));
      expect(error, `cut to ${length} bytes`).toMatchObject({ code: 'MALFORMED' });
      expect((error as Error).message).toContain(` byte ${2 * whole.length}:`);
      expect(records).toBe(2);
      expect(core.totals).toEqual({
        received: before.received + 3,
        kept: before.kept + 2,
        filtered: 0,
        malformed: before.malformed + 1,
        suppressed: 0,
        unlimited: 0,
      });
    }
    expect(drain(core, whole).records).toBe(1);
  });

  test('what lies behind the batch in the input is not read as part of it', async () => {
    const core = await loadCore(options);
    core.input.set(Buffer.concat([whole, whole]));
    expect(() => [...core.portions(whole.length + 5)]).toThrow(` byte ${whole.length}:`);
  });

  test('random bytes never trap or hang, and are counted', async () => {
    const core = await loadCore(options);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const before = { ...core.totals };
        const { error } = drainBroken(core, bytes);
        if (error !== undefined) expect(error).toMatchObject({ code: 'MALFORMED' });
        expect(core.totals.malformed - before.malformed).toBe(error === undefined ? 0 : 1);
        expect(core.totals.received).toBe(core.totals.kept + core.totals.filtered + core.totals.malformed);
      }),
      { numRuns: 2000 },
    );
  });

  test('neither do datums with a few bytes changed', async () => {
    const core = await loadCore(options);
    const changes = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anyAccept, { minLength: 1, maxLength: 3 }), changes, (records, list) => {
        const bytes = encode(records);
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        const { error } = drainBroken(core, bytes);
        if (error !== undefined) expect(error).toMatchObject({ code: 'MALFORMED' });
      }),
      { numRuns: 500 },
    );
  });
});

describe('fields', () => {
  const ENDLESS = Buffer.alloc(11, 0x80);
  // The tenth byte has room for the 64th bit only.
  const TOO_LARGE = Buffer.concat([Buffer.alloc(9, 0xff), Buffer.of(0x02)]);
  const LARGEST = Buffer.concat([Buffer.alloc(9, 0xff), Buffer.of(0x01)]);
  const INT_MAX_AND_ONE = Buffer.of(0x80, 0x80, 0x80, 0x80, 0x10);
  const INT_MIN = Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f);

  const BAD: Readonly<Record<string, readonly (readonly [string, Buffer])[]>> = {
    long: [
      ['over ten bytes', ENDLESS],
      ['over 64 bits', TOO_LARGE],
    ],
    int: [
      ['over ten bytes', ENDLESS],
      ['over 32 bits', INT_MAX_AND_ONE],
      ['the largest long', LARGEST],
    ],
    boolean: [['neither 0 nor 1', Buffer.of(2)]],
    string: [
      ['a negative length', Buffer.of(0x01)],
      ['a very negative length', LARGEST],
      ['a length past the end', Buffer.of(0xfe, 0xff, 0xff, 0xff, 0x0f)],
      ['the largest length', Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff), Buffer.of(0x01)])],
      ['an endless length', ENDLESS],
    ],
  };
  const GOOD: Readonly<Record<string, readonly Buffer[]>> = {
    long: [LARGEST, INT_MAX_AND_ONE, Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff), Buffer.of(0x01)])],
    int: [INT_MIN],
    boolean: [Buffer.of(1)],
    string: [Buffer.concat([Buffer.of(0x80, 0x01), Buffer.alloc(64, 0x61)])],
  };

  const schemaUpTo = (slot: number) =>
    recordOf(...ACCEPT_FIELDS.slice(0, slot).map(({ name, kind }) => [name, kind] as const));

  /** A datum of Accept in which the bytes stand in for one field. */
  function withField(slot: number, bytes: Buffer): Buffer {
    const upTo = (end: number) => typeOf(schemaUpTo(end)).toBuffer(good).length;
    return Buffer.concat([whole.subarray(0, upTo(slot)), bytes, whole.subarray(upTo(slot + 1))]);
  }

  const CASES = ACCEPT_FIELDS.flatMap(({ name, kind }, slot) =>
    (BAD[kind] ?? []).map(([what, bytes]) => [name, what, slot, bytes] as const),
  );

  test.each(CASES)('%s: %s', async (_name, _what, slot, bytes) => {
    for (const options of FORMATS)
      await expectMalformed(options, Buffer.concat([whole, withField(slot, bytes)]), whole.length);
  });

  test.each(ACCEPT_FIELDS.map(({ name, kind }, slot) => [name, kind, slot] as const))(
    '%s: the extremes of %s are read',
    async (_name, kind, slot) => {
      for (const bytes of GOOD[kind] ?? []) {
        const datum = withField(slot, bytes);
        expect(drain(await loadCore({ format: 'avro' }), datum).text).toBe(datum.toString('latin1'));
        expect(drain(await loadCore({ format: 'tcpaccept' }), Buffer.concat([datum, whole])).records).toBe(2);
      }
    },
  );
});
