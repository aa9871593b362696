import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { loadCore } from '../../../filter-core/index.js';
import { decodeFrame, encodeFrame, FRAME_MAX } from '../../../source-plugin/container/frame.js';
import { CODECS, encodeHeader, MAGIC, ownSchema } from '../../../source-plugin/container/header.js';
import { readHeader } from '../../../source-plugin/container/read-header.js';
import { wholeOf } from '../../../source-plugin/container/whole.js';
import { ContainerWriter } from '../../../source-plugin/container/writer.js';
import { acceptOf, acceptType } from '../memory-source.js';
import { judge } from './judge.js';
import { folderOf } from './read-support.js';

const SYNC = Buffer.from('0123456789abcdef');
const LONG = avsc.Type.forSchema('long');

const anyLong = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat().map((value) => Math.min(value, 2 ** 52 - 1)),
);
const anyAccept = fc
  .record({ pid: fc.nat(), comm: fc.string({ unit: 'binary', maxLength: 15 }), event_time: fc.nat() })
  .map(acceptOf);
const anyBatches = fc.array(fc.array(anyAccept, { minLength: 1, maxLength: 30 }), { maxLength: 6 });

test.each(CODECS)('what is written with %s, avsc reads', async (codec) => {
  await fc.assert(
    fc.asyncProperty(anyBatches, async (batches) => {
      const writer = new ContainerWriter(codec);
      const pieces: Uint8Array[] = [writer.header];
      for (const accepts of batches) {
        const bytes = Buffer.concat(accepts.map((accept) => acceptType.toBuffer(accept)));
        pieces.push(...(await writer.block({ bytes, records: accepts.length })));
      }
      const found = await judge(Buffer.concat(pieces));
      expect(found).toMatchObject({ codec, accepts: batches.flat() });
      expect(found.schema).toEqual(acceptType.schema());
    }),
    { numRuns: 60 },
  );
});

test('a portion of the core is a block that a core takes again in one go', async () => {
  const core = await loadCore({ format: 'avro' });
  const datum = acceptType.toBuffer(acceptOf());
  const records = Math.floor(core.input.length / datum.length);
  for (let index = 0; index < records; index++) core.input.set(datum, index * datum.length);
  const writer = new ContainerWriter('null');
  const blocks: Buffer[] = [];
  for (const portion of core.portions(records * datum.length)) blocks.push(Buffer.concat(await writer.block(portion)));
  const [block = Buffer.alloc(0)] = blocks;
  const { frame, end } = decodeFrame(block) ?? expect.unreachable('no frame');
  expect(blocks).toHaveLength(1);
  expect(frame).toEqual({ records, bytes: records * datum.length });
  expect(frame.bytes).toBeLessThanOrEqual(core.input.length);
  expect(block.length).toBe(end + frame.bytes + SYNC.length);
});

test('the schema in the header is the file, byte for byte', async () => {
  const header = encodeHeader('deflate', SYNC);
  const { codec, schema, sync, end } = readHeader(header) ?? expect.unreachable('no header');
  expect({ codec, sync, end }).toEqual({ codec: 'deflate', sync: SYNC, end: header.length });
  expect(schema).toEqual(JSON.parse(ownSchema()));
  expect(header.includes(ownSchema())).toBe(true);
  expect(ownSchema()).toBe(readFileSync(new URL('../../../schemas/accept.avsc', import.meta.url), 'utf8'));
});

test('a header that is cut is none', () => {
  const header = encodeHeader('null', SYNC);
  const whole = Array.from({ length: header.length }, (_, length) => length).filter((length) =>
    readHeader(header.subarray(0, length)),
  );
  expect(whole).toEqual([]);
});

test('a header of pairs without end takes no time to refuse', () => {
  const path = join(folderOf({}), 'a.avro.part');
  writeFileSync(path, Buffer.concat([MAGIC, LONG.toBuffer(2 ** 50), Buffer.alloc(300_000)]));
  const fd = openSync(path, 'r');
  onTestFinished(() => closeSync(fd));
  expect(wholeOf(fd)).toBeUndefined();
});

test('each file has a marker of its own', () => {
  expect(new ContainerWriter('null').header).not.toEqual(new ContainerWriter('null').header);
});

test('a frame is two longs of Avro, and read where it stands', () => {
  fc.assert(
    fc.property(anyLong, anyLong, fc.nat(9), (records, bytes, offset) => {
      const frame = encodeFrame({ records, bytes });
      expect(frame).toEqual(Buffer.concat([LONG.toBuffer(records), LONG.toBuffer(bytes)]));
      expect(frame.length).toBeLessThanOrEqual(FRAME_MAX);
      const placed = Buffer.concat([Buffer.alloc(offset, 0xff), frame, Buffer.from('rest')]);
      expect(decodeFrame(placed, offset)).toEqual({ frame: { records, bytes }, end: offset + frame.length });
      expect(decodeFrame(frame.subarray(0, -1))).toBeUndefined();
    }),
  );
});

test.each([
  ['an endless long', Buffer.alloc(20, 0xff)],
  ['a long past the safe numbers', Buffer.concat([Buffer.alloc(9, 0xff), Buffer.from([1, 0])])],
  ['nothing', Buffer.alloc(0)],
])('%s is no frame', (_name, bytes) => {
  expect(decodeFrame(bytes)).toBeUndefined();
});

test('a negative number is read as one', () => {
  expect(decodeFrame(Buffer.concat([LONG.toBuffer(-3), LONG.toBuffer(-1)]))?.frame).toEqual({ records: -3, bytes: -1 });
});
