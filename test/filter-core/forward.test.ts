import { decode, decodeMulti, type ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import { entry, eventTime, fieldsOf } from '../reference/forward.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, typeOf } from './support.js';

async function entriesOf(bytes: Uint8Array, writerSchema?: object): Promise<Buffer> {
  return Buffer.from(drain(await loadCore({ format: 'forward', writerSchema }), bytes).text, 'latin1');
}

const toEntries = (records: readonly Accept[]) => entriesOf(encode(records));

test('any record is what @msgpack/msgpack makes of it, byte for byte', async () => {
  const core = await loadCore({ format: 'forward' });
  await fc.assert(
    fc.property(fc.array(anyAccept, { minLength: 1, maxLength: 8 }), (records) => {
      const { text, records: count } = drain(core, encode(records));
      expect(text).toBe(Buffer.concat(records.map(entry)).toString('latin1'));
      expect(count).toBe(records.length);
    }),
    { numRuns: 300 },
  );
});

test('an entry is its time and every field of the schema, in its order and with its type', async () => {
  const record = acceptOf({ event_time: 1_795_365_901_000_042, process_start: -1, comm: 'nginx café', mptcp: true });
  const [time, fields] = decode(await toEntries([record])) as [ExtData, Record<string, unknown>];
  expect(time).toEqual(eventTime(record.event_time));
  expect(Buffer.from(time.data as Uint8Array).toString('hex')).toBe('6b031c0d0000a410');
  expect(fields).toEqual(fieldsOf(record));
  expect(Object.keys(fields)).toEqual(ACCEPT_FIELDS.map(({ name }) => name));
});

const INTEGERS = [0, 0x7f, 0xff, 0xffff, 0xffff_ffff, -1, -0x20, -0x80, -0x8000, -0x8000_0000].flatMap((edge) => [
  edge - 1,
  edge,
  edge + 1,
]);

test('each integer has its shortest form', async () => {
  const records = INTEGERS.map((netns) => acceptOf({ netns }));
  expect(await toEntries(records)).toEqual(Buffer.concat(records.map(entry)));
});

test('integers are exact, also past what a double holds', async () => {
  const bytes = Buffer.from('ffffffffffffffffff01feffffffffffffffff01', 'hex');
  const entries = await entriesOf(bytes, recordOf(['cgroup_id', 'long'], ['netns', 'long']));
  const [, fields] = decode(entries, { useBigInt64: true }) as [unknown, Record<string, unknown>];
  expect(fields).toMatchObject({ cgroup_id: -(2n ** 63n), netns: 2n ** 63n - 1n });
});

test.each([0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 257, 5000])('text of %i bytes', async (length) => {
  const texts = [
    'x'.repeat(length),
    `${'x'.repeat(length)}é`,
    `é${'x'.repeat(length)}`,
    '\u{1f600}'.repeat(length >> 2),
  ];
  const records = texts.map((cgroup) => acceptOf({ cgroup }));
  expect(await toEntries(records)).toEqual(Buffer.concat(records.map(entry)));
});

test('every byte that is no UTF-8 becomes one U+FFFD', async () => {
  const schema = recordOf(['comm', 'bytes']);
  const datums = [
    [0xff, 0x61],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0xe2],
    [0x00, 0x1f, 0x7f],
  ].map((comm) => typeOf(schema).toBuffer({ comm: Buffer.from(comm) }));
  const entries = [...decodeMulti(await entriesOf(Buffer.concat(datums), schema))] as [unknown, Accept][];
  expect(entries.map(([, { comm }]) => comm)).toEqual([
    '\ufffda',
    '\ufffd(',
    '\ufffd\ufffd\ufffd',
    '\ufffd\ufffd\ufffd',
    'abcdefg\ufffd',
    '\0\u001f\u007f',
  ]);
});

test.each([
  ['the epoch', 0, '0000000000000000'],
  ['a microsecond', 1, '00000000000003e8'],
  ['the last that 32 bits tell', 2 ** 32 * 1e6 - 1, 'ffffffff3b9ac618'],
  ['the one behind it', 2 ** 32 * 1e6, '0000000000000000'],
  ['before the epoch', -1, '0000000000000000'],
])('the time of %s', async (_name, event_time, hex) => {
  const [time, fields] = decode(await toEntries([acceptOf({ event_time })])) as [ExtData, Accept];
  expect(Buffer.from(time.data as Uint8Array).toString('hex')).toBe(hex);
  expect(fields.event_time).toBe(event_time);
});

test('more than an output takes comes in whole entries', async () => {
  const core = await loadCore({ format: 'forward' });
  const records = Array.from({ length: 550 }, (_, sequence) => acceptOf({ sequence }));
  const bytes = encode(records);
  core.input.set(bytes);
  const portions = [...core.portions(bytes.length)].length;
  core.input.set(bytes);
  const found: number[] = [];
  for (const portion of core.portions(bytes.length)) {
    const entries = [...decodeMulti(portion.bytes)] as [unknown, Accept][];
    expect(entries).toHaveLength(portion.records);
    found.push(...entries.map(([, { sequence }]) => sequence));
  }
  expect(portions).toBeGreaterThan(1);
  expect(found).toEqual(records.map(({ sequence }) => sequence));
});

test('a datum too long for an entry is malformed, and those before it are written', async () => {
  const core = await loadCore({ format: 'forward' });
  const bytes = encode([acceptOf({ comm: 'short' }), acceptOf({ comm: 'x'.repeat(40_000) })]);
  core.input.set(bytes);
  const portions = core.portions(bytes.length);
  expect(portions.next().value?.records).toBe(1);
  expect(() => portions.next()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});
