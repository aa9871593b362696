import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import * as reference from '../reference/tcpaccept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, textOf, typeOf, zoneAt } from './support.js';

const PAIRS = ACCEPT_FIELDS.map(({ name, kind }) => [name, kind] as const);
const FORM = { time: true, timestamp: true, zoneAt } as const;
const COLUMNS = { timestamp: true, offsetAt: (instant: number) => zoneAt(instant).offsetSeconds };

/** What a record says that a writer does not know. */
const UNKNOWN = Object.fromEntries(
  ACCEPT_FIELDS.map(({ name, kind }) => [name, { boolean: false, string: '', int: -1, long: -1 }[kind]]),
) as unknown as Accept;

const latin = (text: string) => Buffer.from(text).toString('latin1');
const fixed = (size: number) => ({ type: 'fixed', name: `fixed${size}`, size });

/** Fields that another writer has and ours has not, with a value of each. */
const ADDED: readonly (readonly [unknown, unknown])[] = [
  ['boolean', true],
  ['int', -5],
  ['long', 2 ** 51],
  ['float', 1.5],
  ['double', -2.5],
  ['string', 'text \ud83d\ude00'],
  ['string', 'x'.repeat(200)],
  ['bytes', Buffer.of(0x80, 0xff)],
  ['null', null],
  [fixed(0), Buffer.alloc(0)],
  [fixed(7), Buffer.alloc(7, 0xff)],
  [fixed(300), Buffer.alloc(300, 0x80)],
  [{ type: 'enum', name: 'state', symbols: ['A', 'B'] }, 'B'],
  [{ type: 'long', logicalType: 'timestamp-micros' }, 7],
];

test('fields in any order, some missing, others between them', async () => {
  const added = fc.constantFrom(...ADDED.keys());
  const writer = fc.tuple(
    fc.shuffledSubarray([...PAIRS], { minLength: 1 }),
    fc.uniqueArray(fc.tuple(added, fc.nat({ max: 32 })), { maxLength: 6, selector: ([index]) => index }),
  );
  await fc.assert(
    fc.asyncProperty(writer, fc.array(anyAccept, { maxLength: 5 }), async ([own, others], records) => {
      const fields: (readonly [string, unknown])[] = [...own];
      for (const [index, at] of others) fields.splice(at, 0, [`added_${index}`, ADDED[index]?.[0]]);
      const values = Object.fromEntries(others.map(([index]) => [`added_${index}`, ADDED[index]?.[1]]));
      const writerSchema = recordOf(...fields);
      const bytes = encode(
        records.map((record) => ({ ...record, ...values })),
        typeOf(writerSchema),
      );
      const known = Object.fromEntries(own.map(([name]) => [name, true]));
      const seen = records.map((record) =>
        Object.fromEntries(ACCEPT_FIELDS.map(({ name }) => [name, (known[name] ? record : UNKNOWN)[name]])),
      );
      expect(await textOf(bytes, { ...FORM, writerSchema })).toBe(
        latin(reference.rows(seen as unknown as Accept[], COLUMNS)),
      );
      expect(drain(await loadCore({ format: 'avro', writerSchema }), bytes).text).toBe(bytes.toString('latin1'));
    }),
    { numRuns: 300 },
  );
});

test('an int where ours is a long, and bytes where ours is a string, are read', async () => {
  const writerSchema = recordOf(['monotonic_us', 'int'], ['comm', 'bytes'], ['uid', 'int'], ['local_port', 'int']);
  const datums = [0, 1_500_000].map((monotonic_us) => ({
    monotonic_us,
    comm: Buffer.from('srv'),
    uid: 0,
    local_port: 22,
  }));
  const text = await textOf(encode(datums, typeOf(writerSchema)), { writerSchema, timestamp: true });
  expect(text).toBe(
    latin(
      reference.rows(
        datums.map(({ monotonic_us }) => ({ ...UNKNOWN, monotonic_us, comm: 'srv', local_port: 22 })),
        { timestamp: true },
      ),
    ),
  );
});

test('TIME(s) of the longest longs is that of their doubles', async () => {
  const writerSchema = recordOf(['monotonic_us', 'long']);
  // Zigzag of the largest and the smallest long.
  const largest = Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff), Buffer.of(0x01)]);
  const smallest = Buffer.concat([Buffer.alloc(9, 0xff), Buffer.of(0x01)]);
  const text = await textOf(Buffer.concat([smallest, largest, smallest]), { writerSchema, timestamp: true });
  expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual(
    ['0.000', reference.seconds(2 ** 64), '0.000', ''].map((cell) => cell && expect.stringContaining(cell)),
  );
});

describe('a schema that avsc and the core do not share', () => {
  const swapped = (first: string, second: string) =>
    recordOf(...PAIRS.map(([name, kind]) => [{ [first]: second, [second]: first }[name] ?? name, kind] as const));

  // What every check against avsc here stands on: were the core's fields in another order, it would fail.
  test.each([
    ['remote_address', 'local_address'],
    ['remote_port', 'local_port'],
    ['pid', 'tid'],
    ['host', 'comm'],
  ])('two fields in another order, %s and %s, show', async (first, second) => {
    const record = acceptOf({
      remote_address: '192.0.2.1',
      local_address: '192.0.2.2',
      remote_port: 1,
      local_port: 2,
      pid: 3,
      tid: 4,
    });
    const rows = reference.rows([record], {});
    expect(await textOf(encode([record]))).toBe(latin(rows));
    const drifted = encode([record], typeOf(swapped(first, second)));
    expect(await textOf(drifted)).not.toBe(latin(rows));
    expect(await textOf(drifted, { writerSchema: swapped(first, second) })).toBe(latin(rows));
  });
});

const nestedIn = (depth: number): unknown => (depth === 0 ? 'int' : [nestedIn(depth - 1)]);

function deepType(depth: number): unknown {
  let type: unknown = 'int';
  for (let level = 0; level < depth; level++) type = { type };
  return type;
}

describe('schemas that are refused', () => {
  test.each<[string, unknown, string]>([
    ['no record', 'string', 'no record'],
    ['nothing', null, 'no record'],
    ['a record without fields', { type: 'record', name: 'Accept' }, 'no record'],
    ['no field', recordOf(), 'no bytes'],
    ['datums without bytes', recordOf(['a', 'null'], ['b', fixed(0)]), 'no bytes'],
    ['a field without a name', { type: 'record', fields: [{ type: 'int' }] }, 'no name'],
    ['a field without a type', { type: 'record', fields: [{ name: 'a' }] }, 'field a '],
    ['a union without a type of use', recordOf(['pid', ['null', 'string']]), 'field pid '],
    ['an array without items', recordOf(['a', { type: 'array' }]), 'field a '],
    ['an array where ours is a string', recordOf(['comm', { type: 'array', items: 'string' }]), 'field comm '],
    ['a record without fields in it', recordOf(['a', { type: 'record', name: 'B' }]), 'field a '],
    ['a type that nobody defined', recordOf(['a', 'Nobody']), 'field a '],
    ['a union in too many', recordOf(['a', nestedIn(70)]), 'more than 64 types'],
    ['types in types without end', recordOf(['a', deepType(100_000)]), 'too deep'],
    ['too many types', recordOf(['a', Array.from({ length: 1025 }, () => 'int')]), 'over 1024 types'],
    ['a type of that name', recordOf(['a', 'toString']), 'field a '],
    ['a fixed of negative size', recordOf(['a', fixed(-1)]), 'field a '],
    ['a long where ours is an int', recordOf(['pid', 'long']), 'field pid '],
    ['a number where ours is a string', recordOf(['comm', 'int']), 'field comm '],
    ['a double where ours is a long', recordOf(['uid', 'double']), 'field uid '],
    ['a fixed where ours is a string', recordOf(['host', fixed(4)]), 'field host '],
    [
      'too many fields',
      recordOf(...Array.from({ length: 257 }, (_, index) => [`a${index}`, 'int'] as const)),
      'over 256 fields',
    ],
  ])('%s', async (_name, writerSchema, message) => {
    await expect(loadCore({ format: 'avro', writerSchema })).rejects.toMatchObject({
      name: 'AcceptstreamError',
      code: 'USAGE',
      operation: 'writerSchema',
      message: expect.stringContaining(message),
    });
  });

  test('256 fields are not too many', async () => {
    const writerSchema = recordOf(
      ...Array.from({ length: 256 }, (_, index) => [`a${index}`, index % 2 ? 'string' : 'int'] as const),
    );
    const datum = Object.fromEntries(
      Array.from({ length: 256 }, (_, index) => [`a${index}`, index % 2 ? 'x'.repeat(63) : -1]),
    );
    const bytes = encode([datum], typeOf(writerSchema));
    expect(drain(await loadCore({ format: 'avro', writerSchema }), bytes).text).toBe(bytes.toString('latin1'));
  });
});
