import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../../source-plugin/kafka/crc32c.js';

/** Of kafkajs: another implementation, byte by byte. */
const byteByByte = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (
  bytes: Buffer,
) => number;

const rising = Uint8Array.from({ length: 32 }, (_, index) => index);
/** An iSCSI read command (RFC 3720, B.4). */
const READ_COMMAND = `01c0${'00'.repeat(14)}14000000000004000000001400000018280000000000000002${'00'.repeat(7)}`;

test.each([
  ['nothing', new Uint8Array(), 0],
  ['the check value', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['rising bytes', rising, 0x46dd794e],
  ['falling bytes', rising.toReversed(), 0x113fdb5c],
  ['a read command', Buffer.from(READ_COMMAND, 'hex'), 0xd9963a56],
])('RFC 3720: %s', (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

/** Bytes somewhere in a larger memory. */
const placed = fc
  .tuple(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 300 }))
  .map(([before, bytes]) => Buffer.concat([before, bytes]).subarray(before.length));

test('the same as byte by byte, wherever the bytes lie', () => {
  fc.assert(
    fc.property(placed, (bytes) => crc32c(bytes) === byteByByte(bytes)),
    { numRuns: 2000 },
  );
});

test('goes on from the CRC of what is in front', () => {
  const goesOn = fc.property(placed, placed, (one, other) => {
    expect(crc32c(other, crc32c(one))).toBe(byteByByte(Buffer.concat([one, other])));
  });
  fc.assert(goesOn, { numRuns: 2000 });
});
