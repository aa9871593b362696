import { isDeepStrictEqual } from 'node:util';
import { ExtData, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  packedBytes,
  packedList,
  packedMap,
  packedNumber,
  packedText,
  type Unpacked,
  unpack,
} from '../../../source-plugin/forward/msgpack.js';

type Value = null | boolean | number | string | Uint8Array | Value[] | { [name: string]: Value };

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<Value>(null, true, false, 'x'.repeat(40), 'y'.repeat(300)),
    fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger()),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

/** A value as it is read: texts are bytes, numbers mean nothing. */
function read(value: Value): Unpacked {
  if (typeof value === 'number' || value === null) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value as string);
  if (Array.isArray(value)) return value.map(read);
  return new Map(Object.entries(value).map(([name, one]) => [name, read(one)]));
}

test('whatever @msgpack/msgpack writes is read, with what follows left', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = Buffer.from(encode(value));
      const found = unpack(Buffer.concat([bytes, Buffer.of(1)]));
      // vitest's own comparison takes minutes for that many bytes.
      expect(isDeepStrictEqual(found, { value: read(value), length: bytes.length })).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('extensions of any length are passed over', () => {
  for (const length of [1, 2, 4, 8, 16, 3, 300, 70_000]) {
    const bytes = Buffer.from(encode([new ExtData(5, new Uint8Array(length)), true]));
    expect(unpack(bytes)).toEqual({ value: [null, true], length: bytes.length });
  }
});

test('what is cut anywhere is not whole yet', () => {
  const bytes = Buffer.from(
    encode(['HELO', { nonce: new Uint8Array(300), auth: 'x'.repeat(40), keepalive: true, n: -1.5 }]),
  );
  for (let length = 0; length < bytes.length; length++) expect(unpack(bytes.subarray(0, length))).toBeUndefined();
  expect(unpack(bytes)?.length).toBe(bytes.length);
});

test('any bytes are a value, too few, or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const found = unpack(Buffer.from(bytes));
        expect(found === undefined || found.length <= bytes.length).toBe(true);
      } catch (error) {
        expect(String(error)).toMatch(/no MessagePack|too deep/);
      }
    }),
    { numRuns: 2_000 },
  );
});

const LENGTHS = [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 262_528];

test.each(LENGTHS)('headers of %i are those of @msgpack/msgpack', (length) => {
  expect(packedText('x'.repeat(length)).equals(encode('x'.repeat(length)))).toBe(true);
  expect(packedNumber(length)).toEqual(Buffer.from(encode(length)));
  const bytes = Buffer.from(encode(new Uint8Array(length)));
  expect(packedBytes(length)).toEqual(bytes.subarray(0, bytes.length - length));
});

test('headers of lists and maps', () => {
  expect(packedList(6)).toEqual(Buffer.of(0x96));
  expect(packedMap(3)).toEqual(Buffer.of(0x83));
});
