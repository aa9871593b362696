import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf, inflate } from '../../../source-plugin/kafka/source-batches.js';
import { RecordCursor } from '../../../source-plugin/kafka/source-cursor.js';
import { type Aborted, decodeFetch, type Piece } from '../../../source-plugin/kafka/source-response.js';

const require = createRequire(import.meta.url);
/** kafkajs's encoders: what another implementation takes for these formats. */
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(fields: object): Promise<{ readonly buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (fields: object) => object;

interface Entry {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

interface BatchFields {
  readonly firstOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly producerId?: number;
  readonly attributes?: number;
}

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

async function batchOf(entries: readonly Entry[], fields: BatchFields = {}): Promise<Buffer> {
  const { firstOffset = 0, attributes = 0, producerId = -1 } = fields;
  const records = entries.map(({ offset, key, value }) =>
    encodeRecord({
      offsetDelta: offset - firstOffset,
      timestampDelta: offset * 1000,
      key,
      value,
      headers: { a: 'b', 'content-type': 'application/avro' },
    }),
  );
  const last = entries.at(-1)?.offset ?? firstOffset;
  const { lastOffsetDelta = last - firstOffset } = fields;
  const { buffer } = await RecordBatch({ firstOffset, lastOffsetDelta, producerId, records });
  const bytes = Buffer.from(buffer);
  bytes.writeInt16BE(attributes, 21);
  return bytes;
}

const pieceOf = (batches: Buffer, aborted: readonly Aborted[] = []): Piece => ({
  partition: 0,
  errorCode: 0,
  aborted,
  batches,
});

/** All that a reader gets of a piece. */
async function read(piece: Piece): Promise<{ offset: number; value: string | null }[]> {
  const found: { offset: number; value: string | null }[] = [];
  const cursor = new RecordCursor();
  for (const batch of batchesOf(piece)) {
    cursor.start(await inflate(batch), batch.firstOffset, batch.count);
    while (cursor.next()) {
      const value = cursor.from < 0 ? null : cursor.bytes.toString('hex', cursor.from, cursor.to);
      found.push({ offset: cursor.offset, value });
    }
  }
  return found;
}

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)));
const gaps = fc.array(fc.tuple(fc.nat({ max: 100 }), bytesOrNull, bytesOrNull), { maxLength: 20 });
const entriesOf = (start: number, list: readonly [number, Buffer | null, Buffer | null][]) => {
  let offset = start;
  return list.map(([gap, key, value]) => {
    offset += gap + 1;
    return { offset, key, value };
  });
};
const startOffset = fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(2 ** 31 - 3, 2 ** 40, 2 ** 50));

describe('record batches', () => {
  test('hold what kafkajs has written', async () => {
    await fc.assert(
      fc.asyncProperty(startOffset, gaps, async (firstOffset, list) => {
        const entries = entriesOf(firstOffset, list);
        const bytes = await batchOf(entries, { firstOffset });
        const expected = entries.map(({ offset, value }) => ({ offset, value: value?.toString('hex') ?? null }));
        expect(await read(pieceOf(bytes))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  const entry = (offset: number): Entry => ({ offset, key: null, value: Buffer.of(offset) });
  const marker = (type: number): Entry => ({ offset: 0, key: Buffer.of(0, 0, 0, type), value: Buffer.alloc(6) });

  test('say where the next one starts, also when their last records are compacted away', async () => {
    const bytes = await batchOf([entry(10), entry(12)], { firstOffset: 10, lastOffsetDelta: 9 });
    expect([...batchesOf(pieceOf(bytes))]).toMatchObject([{ firstOffset: 10, nextOffset: 20, count: 2 }]);
    const empty = await batchOf([], { firstOffset: 20, lastOffsetDelta: 4 });
    expect([...batchesOf(pieceOf(empty))]).toMatchObject([{ nextOffset: 25, count: 0 }]);
  });

  test('that are cut off at the end of an answer are left for the next', async () => {
    const first = await batchOf([entry(0)]);
    const second = await batchOf([entry(1)], { firstOffset: 1 });
    const both = Buffer.concat([first, second]);
    for (let end = first.length; end < both.length; end++)
      expect(await read(pieceOf(both.subarray(0, end)))).toHaveLength(1);
    expect(await read(pieceOf(both))).toHaveLength(2);
    expect(() => [...batchesOf(pieceOf(first.subarray(0, -1)))]).toThrow(/cut off/);
  });

  test('of aborted transactions and their markers are hidden, others in between are not', async () => {
    const transactional = (firstOffset: number, producerId: number) =>
      batchOf([entry(firstOffset)], { firstOffset, producerId, attributes: TRANSACTIONAL });
    const control = (firstOffset: number, producerId: number, type: number) =>
      batchOf([{ ...marker(type), offset: firstOffset }], {
        firstOffset,
        producerId,
        attributes: TRANSACTIONAL | CONTROL,
      });
    const batches = await Promise.all([
      transactional(0, 7),
      transactional(1, 8),
      batchOf([entry(2)], { firstOffset: 2, producerId: 7 }),
      control(3, 7, 0),
      transactional(4, 7),
      control(5, 8, 1),
      control(6, 7, 1),
      transactional(7, 8),
      control(8, 8, 0),
    ]);
    const aborted = [
      { producerId: 8n, firstOffset: 7 },
      { producerId: 7n, firstOffset: 0 },
    ];
    const found = await read(pieceOf(Buffer.concat(batches), aborted));
    expect(found.map(({ offset }) => offset)).toEqual([1, 2, 4]);
  });

  test.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['an older format', (bytes) => bytes.writeInt8(1, 16), /records of format 1, not 2/],
    ['a length below its header', (bytes) => bytes.writeInt32BE(48, 8), /shorter than its header/],
    ['a negative length', (bytes) => bytes.writeInt32BE(-1, 8), /shorter than its header/],
    ['an end before its start', (bytes) => bytes.writeInt32BE(-1, 23), /ends before it starts/],
    ['more records than it has', (bytes) => bytes.writeInt32BE(9, 57), /cut off/],
    ['snappy', (bytes) => bytes.writeInt16BE(2, 21), /compressed by snappy: .* gzip, zstd/],
    ['lz4', (bytes) => bytes.writeInt16BE(3, 21), /compressed by lz4/],
    ['a compression that nobody knows', (bytes) => bytes.writeInt16BE(7, 21), /compressed by method 7/],
    ['gzip that is none', (bytes) => bytes.writeInt16BE(1, 21), /compressed records/],
  ])('%s is told', async (_, spoil, message) => {
    const bytes = await batchOf([entry(0)]);
    spoil(bytes);
    await expect(read(pieceOf(bytes))).rejects.toThrow(message);
  });

  test('of any bytes are read or refused, never more', async () => {
    const whole = await batchOf(
      entriesOf(0, [
        [0, Buffer.from('key'), Buffer.from('value')],
        [1, null, null],
      ]),
    );
    const spoilt = fc
      .array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        // Compressed or not is another test.
        bytes.writeInt16BE(bytes.readInt16BE(21) & ~7, 21);
        return bytes;
      });
    const outcome = (bytes: Buffer) => read(pieceOf(bytes)).catch((error: { code: string }) => error.code);
    await fc.assert(
      fc.asyncProperty(spoilt, async (bytes) => {
        const found = await outcome(bytes);
        if (!Array.isArray(found)) expect(found).toBe('MALFORMED');
      }),
      { numRuns: 2000 },
    );
  });
});

test('zstd that does not say its size, as Java writes it, is read up to some megabytes', async () => {
  // Frame: magic, descriptor without a size, window of 1 MiB; then blocks of type RLE (RFC 8878, 3.1.1).
  const blocks = 24;
  const bytesEach = 1 << 17;
  const frame = [Buffer.from('28b52ffd0050', 'hex')];
  for (let block = 1; block <= blocks; block++) {
    const rle = Buffer.alloc(4, 7);
    rle.writeUIntLE(Number(block === blocks) | (1 << 1) | (bytesEach << 3), 0, 3);
    frame.push(rle);
  }
  const records = Buffer.concat(frame);
  const inflated = await inflate({ firstOffset: 0, nextOffset: 1, count: 1, compression: 4, records });
  expect(inflated.equals(Buffer.alloc(blocks * bytesEach, 7))).toBe(true);
});

describe('a fetch response', () => {
  // throttle 5, no error, session 0; topic "t" with partition 3: error 1, one aborted transaction, three bytes.
  const response = Buffer.from(
    '00000005' +
      '0000' +
      '00000000' +
      '00000001' +
      '000174' +
      '00000001' +
      '00000003' +
      '0001' +
      '0000000000000063' +
      '0000000000000062' +
      '0000000000000001' +
      '00000001' +
      '0000000000000007' +
      '0000000000000021' +
      'ffffffff' +
      '00000003' +
      'aabbcc',
    'hex',
  );

  test('is taken apart', () => {
    expect(decodeFetch(response)).toEqual({
      clientSideThrottleTime: 5,
      errorCode: 0,
      pieces: [
        {
          partition: 3,
          errorCode: 1,
          aborted: [{ producerId: 7n, firstOffset: 33 }],
          batches: Buffer.of(0xaa, 0xbb, 0xcc),
        },
      ],
    });
  });

  test('that is cut off anywhere is refused', () => {
    for (let end = 0; end < response.length; end++)
      expect(() => decodeFetch(response.subarray(0, end))).toThrow(/a response is cut off/);
  });

  test('with lengths beyond its end is refused at once', () => {
    for (let at = 0; at + 4 <= response.length; at++) {
      const bytes = Buffer.from(response);
      bytes.writeInt32BE(0x7fffffff, at);
      try {
        decodeFetch(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'MALFORMED' });
      }
    }
  });
});
