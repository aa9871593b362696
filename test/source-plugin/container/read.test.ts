import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadCore } from '../../../filter-core/index.js';
import { ACCEPT_FIELDS } from '../../../schemas/accept.js';
import { ContainerWriter } from '../../../source-plugin/container/writer.js';
import { recordOf, typeOf } from '../../filter-core/support.js';
import { acceptOf, acceptType, datumOf } from '../memory-source.js';
import {
  accepts,
  blockOf,
  containerOf,
  folderOf,
  headerOf,
  long,
  readBytes,
  readWith,
  SCHEMA_TEXT,
  textOf,
} from './read-support.js';

const RECORDS = accepts(3000);
const WHOLE = { records: RECORDS.length, failures: [], torn: [] };

describe('files of avsc', () => {
  test.each<['null' | 'deflate', number]>([
    ['null', 1],
    ['null', 4096],
    ['null', 200_000],
    ['null', 10_000_000],
    ['deflate', 1],
    ['deflate', 65_536],
    ['deflate', 10_000_000],
  ])('%s, blocks of %d bytes', async (codec, blockBytes) => {
    const bytes = await containerOf(RECORDS, { codec, blockBytes });
    expect(await readBytes(bytes)).toEqual({ ...WHOLE, text: await textOf(RECORDS) });
  });

  test.each(['null', 'deflate'] as const)('%s, blocks larger than what is read ahead', async (codec) => {
    const records = accepts(8000).map((record) => ({
      ...record,
      hook: Array.from({ length: 16 }, randomUUID).join(''),
    }));
    const bytes = await containerOf(records, { codec, blockBytes: 10_000_000 });
    expect(bytes.length).toBeGreaterThan(codec === 'null' ? 3 << 20 : 1 << 20);
    expect(await readBytes(bytes)).toEqual({ ...WHOLE, records: 8000, text: await textOf(records) });
  });

  test('a block that inflates to much more than itself', async () => {
    const records = Array.from({ length: 20_000 }, () => acceptOf());
    const bytes = await containerOf(records, { codec: 'deflate', blockBytes: 10_000_000 });
    expect(bytes.length).toBeLessThan(100_000);
    expect(await readBytes(bytes, 'a.avro', { format: 'tcpaccept' })).toMatchObject({ records: 20_000, failures: [] });
  });
});

test.each(['null', 'deflate'] as const)('a file of ours, %s', async (codec) => {
  const writer = new ContainerWriter(codec);
  const bytes = Buffer.concat(RECORDS.slice(0, 500).map((record) => acceptType.toBuffer(record)));
  const block = await writer.block({ bytes, records: 500 });
  const file = Buffer.concat([writer.header, ...block, ...(await writer.block({ bytes, records: 500 }))]);
  const text = await textOf(RECORDS.slice(0, 500));
  expect(await readBytes(file)).toEqual({ ...WHOLE, records: 1000, text: text + text });
});

describe('headers', () => {
  const block = blockOf(1, datumOf());
  const schema = ['avro.schema', SCHEMA_TEXT] as const;
  test.each<[string, Buffer]>([
    ['without a codec', headerOf([[schema]])],
    ['in several map blocks', headerOf([[['avro.codec', 'null']], [['own', 'x'.repeat(300)], schema]])],
    ['with the bytes of each map block', headerOf([[['avro.codec', 'null']], [schema, ['other', '']]], true)],
  ])('%s', async (_name, header) => {
    expect(await readBytes(Buffer.concat([header, block, block]))).toMatchObject({ ...WHOLE, records: 2 });
  });

  const renamed = (change: object) =>
    headerOf([[['avro.schema', JSON.stringify({ ...JSON.parse(SCHEMA_TEXT), ...change })]]]);
  test.each<[string, Buffer, string]>([
    [
      'snappy',
      headerOf([[schema, ['avro.codec', 'snappy']]]),
      'compressed with snappy; this program reads null and deflate: write',
    ],
    ['zstandard', headerOf([[schema, ['avro.codec', 'zstandard']]]), 'compressed with zstandard;'],
    ['bzip2', headerOf([[schema, ['avro.codec', 'bzip2']]]), 'compressed with bzip2;'],
    ['xz', headerOf([[schema, ['avro.codec', 'xz']]]), 'compressed with xz;'],
    ['no schema', headerOf([[['avro.codec', 'null']]]), 'its header has no avro.schema'],
    ['a schema that is no JSON', headerOf([[['avro.schema', '{']]]), 'its avro.schema is no JSON'],
    ['another record', renamed({ name: 'Flow' }), 'its schema is of a record Flow, not of a record Accept'],
    ['no record', headerOf([[['avro.schema', '"long"']]]), 'its schema is of no record'],
    ['null', headerOf([[['avro.schema', 'null']]]), 'its schema is of no record'],
    ['a field of no use', renamed({ fields: [{ name: 'pid', type: 'string' }] }), 'field pid has the type "string"'],
    ['gzip', Buffer.of(0x1f, 0x8b, 8, 0), 'it is no Avro container file: it is compressed with gzip'],
    ['rows', Buffer.from('PID     COMM'), 'it holds rows of tcpaccept'],
    ['text', Buffer.from('root:x:0:0'), 'it does not start with "Obj\\u0001"'],
    [
      'a text without end',
      Buffer.concat([Buffer.from('Obj\x01\x02'), Buffer.alloc(10, 0xff)]),
      'broken at byte 5: its header holds no number',
    ],
    [
      'a text of a negative length',
      Buffer.from('Obj\x01\x02\x01'),
      'broken at byte 5: its header has a text of -1 bytes',
    ],
    [
      'pairs without end',
      Buffer.concat([Buffer.from('Obj\x01'), long(2 ** 40), Buffer.alloc(2 << 20)]),
      'its header is longer than',
    ],
  ])('%s is refused by name', async (_name, header, message) => {
    const { records, failures } = await readBytes(Buffer.concat([header, block]));
    expect({ records, failures }).toEqual({ records: 0, failures: [expect.stringContaining(message)] });
    expect(failures[0]).toMatch(/^\/.*a\.avro: .*; no record was read$/);
  });
});

describe('blocks', () => {
  const header = headerOf([[['avro.schema', SCHEMA_TEXT]]]);
  const deflated = headerOf([
    [
      ['avro.schema', SCHEMA_TEXT],
      ['avro.codec', 'deflate'],
    ],
  ]);
  const datum = datumOf();
  const good = blockOf(2, Buffer.concat([datum, datum]));
  const at = header.length + good.length;
  const data = at + 3;
  const huge = 2n ** 62n;
  test.each<[string, Buffer, number, string]>([
    [
      'a count too large',
      blockOf(3, Buffer.concat([datum, datum])),
      4,
      `byte ${data + 2 * datum.length}: a block of 3 records ends behind 2`,
    ],
    [
      'a count too small',
      blockOf(1, Buffer.concat([datum, datum])),
      3,
      `byte ${data + datum.length}: a block of 1 records goes on`,
    ],
    ['a count of none', blockOf(0, datum), 2, `byte ${data}: a block of 0 records goes on`],
    ['a negative count', blockOf(-1, datum), 2, `byte ${at}: no block starts there`],
    ['a negative size', blockOf(1, datum, -5), 2, `byte ${at}: no block starts there`],
    ['a count of no safe number', blockOf(huge, datum), 2, `byte ${at}: no block starts there`],
    ['a size of no safe number', blockOf(1, datum, huge), 2, `byte ${at}: no block starts there`],
    ['a size past the end', blockOf(1, datum, 2 ** 50), 2, `it ends within what starts at byte ${at}`],
    [
      'another marker',
      Buffer.concat([blockOf(1, datum).subarray(0, -1), Buffer.of(9)]),
      2,
      `byte ${data + datum.length}: a block does not end there`,
    ],
    [
      'bytes that are no record',
      blockOf(2, Buffer.concat([datum, Buffer.alloc(200, 0xff)])),
      3,
      'no record of its schema starts there',
    ],
    ['half a record', blockOf(2, Buffer.concat([datum, datum.subarray(0, 9)])), 3, 'a record is longer than its block'],
    ['a record too long', blockOf(1, datumOf({ host: 'x'.repeat(40_000) })), 2, 'no record of its schema starts there'],
  ])('%s', async (_name, block, records, message) => {
    const outcome = await readBytes(Buffer.concat([header, good, block, good]));
    expect(outcome).toMatchObject({ records, torn: [], failures: [expect.stringContaining(message)] });
    expect(outcome.text).toBe(await textOf(Array.from({ length: records }, () => acceptOf())));
  });

  const raw = deflateRawSync(datum);
  test.each<[string, Buffer, number, string]>([
    ['cut', blockOf(1, raw.subarray(0, -1)), 0, 'the data of a block are not what deflate writes'],
    ['with more behind', blockOf(1, Buffer.concat([raw, Buffer.alloc(5)])), 0, 'there is more behind their end'],
    ['with zlib around it', blockOf(1, Buffer.concat([Buffer.of(0x78, 0x9c), raw])), 0, 'not what deflate writes'],
    [
      'of no record',
      blockOf(2, deflateRawSync(Buffer.concat([datum, Buffer.alloc(99, 0xff)]))),
      1,
      `at byte ${datum.length} of the block's inflated data`,
    ],
    [
      'of too many records',
      blockOf(1, deflateRawSync(Buffer.alloc(5_000_000))),
      1,
      `at byte ${ACCEPT_FIELDS.length} of the block's inflated data`,
    ],
  ])('deflate, %s', async (_name, block, records, message) => {
    const outcome = await readBytes(Buffer.concat([deflated, block]), 'a.avro', { format: 'tcpaccept' });
    expect(outcome).toMatchObject({ records, failures: [expect.stringContaining(message)] });
  });

  // As Avro's own writer in Python and fastavro do: zlib's data without its first two bytes and its last one.
  test.each([1, 40_000])('deflate with three bytes of a checksum behind it: %i records in a block', async (count) => {
    const data = Buffer.concat(Array.from({ length: count }, () => datum));
    const block = blockOf(count, deflateSync(data).subarray(2, -1));
    const outcome = await readBytes(Buffer.concat([deflated, block, block]), 'a.avro', { format: 'tcpaccept' });
    expect(outcome).toMatchObject({ records: 2 * count, torn: [], failures: [] });
  });

  test('much behind the end of a large block', async () => {
    const large = deflateRawSync(Buffer.concat(Array.from({ length: 40_000 }, () => datum)));
    const block = blockOf(40_000, Buffer.concat([large, Buffer.alloc(1_000_000)]));
    const { failures } = await readBytes(Buffer.concat([deflated, block]), 'a.avro', { format: 'tcpaccept' });
    expect(failures).toEqual([expect.stringContaining('there is more behind their end')]);
  });
});

describe('damage', () => {
  const schema = recordOf(['pid', 'int'], ['comm', 'string'], ['local_port', 'int']);
  const row = (pid: number) => typeOf(schema).toBuffer({ pid, comm: 'srv', local_port: 22 });
  const make = (codec: 'null' | 'deflate') => {
    const blocks = [1, 3, 5].map((pid) => {
      const data = Buffer.concat([row(pid), row(pid + 1)]);
      return blockOf(2, codec === 'null' ? data : deflateRawSync(data));
    });
    const meta = [['avro.schema', JSON.stringify(schema)] as const, ['avro.codec', codec] as const];
    return Buffer.concat([headerOf([meta]), ...blocks]);
  };
  const tcpaccept = { format: 'tcpaccept' } as const;

  test.each(['null', 'deflate'] as const)('%s: cut at any byte, the whole blocks before are read', async (codec) => {
    const bytes = make(codec);
    const { text } = await readBytes(bytes, 'a.avro', tcpaccept);
    const folder = folderOf({});
    const core = await loadCore(tcpaccept);
    const ends: number[] = [];
    for (let length = 0; length <= bytes.length; length++) {
      const [finished, part] = [join(folder, 'a.avro'), join(folder, 'b.avro.part')];
      for (const path of [finished, part]) writeFileSync(path, bytes.subarray(0, length));
      const outcome = await readWith(core, [finished, part]);
      const { records, failures, torn } = outcome;
      const read = text
        .split('\n')
        .slice(0, records / 2)
        .map((line) => `${line}\n`)
        .join('');
      expect(outcome.text, `cut at ${length}`).toBe(read + read);
      if (failures.length === 0) ends.push(records / 2);
      expect(torn.length).toBe(failures.length);
    }
    // A file may end behind its header, and behind each block.
    expect(ends).toEqual([0, 2, 4, 6]);
  });

  test.each(['null', 'deflate'] as const)('%s: any byte changed is told, or is one of a value', async (codec) => {
    const bytes = make(codec);
    const path = join(folderOf({}), 'a.avro');
    const core = await loadCore(tcpaccept);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        writeFileSync(path, changed);
        const { records, failures, torn } = await readWith(core, [path]);
        expect(torn).toEqual([]);
        expect(records < 6 ? failures.length === 1 : failures.length <= 1, `byte ${at}`).toBe(true);
      }
    }
  });
});
