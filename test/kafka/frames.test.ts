import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameReader } from '../../source-plugin/kafka/frames.js';

const frameOf = (body: Uint8Array) => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
};

test('frames come out whole, however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 });
  fc.assert(
    fc.property(bodies, cuts, (all, lengths) => {
      const frames = all.map(frameOf);
      const stream = Buffer.concat(frames);
      const seen: string[] = [];
      const read = frameReader((frame) => seen.push(frame.toString('hex')));
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const length = lengths[turn % lengths.length] ?? 1;
        read(stream.subarray(at, at + length));
        at += length;
      }
      expect(seen).toEqual(frames.map((frame) => frame.toString('hex')));
    }),
  );
});

test.each([
  ['a negative size', Buffer.from([255, 255, 255, 255]), 'does not speak the Kafka protocol'],
  ['a size beyond 64 MiB', Buffer.from([4, 0, 0, 1]), 'does not speak the Kafka protocol'],
  ['an alert of TLS', Buffer.from([21, 3, 3, 0, 2, 2, 80]), 'speaks TLS'],
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'speaks HTTP'],
])('%s is refused', (_name, bytes, message) => {
  const read = frameReader(() => expect.unreachable());
  expect(() => read(bytes)).toThrow(message);
});

test('a size of 64 MiB is waited for', () => {
  frameReader(() => expect.unreachable())(Buffer.from([4, 0, 0, 0]));
});
