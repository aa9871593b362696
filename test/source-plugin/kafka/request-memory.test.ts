import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestMemory } from '../../../source-plugin/kafka/request-memory.js';

const piece = fc.uint8Array({ maxLength: 5000 });

test('joins pieces of any size, again and again', () => {
  const joins = fc.property(fc.array(fc.array(piece, { maxLength: 6 }), { minLength: 1, maxLength: 6 }), (requests) => {
    const memory = new RequestMemory();
    for (const pieces of requests) expect(memory.join(pieces)).toEqual(Buffer.concat(pieces));
  });
  fc.assert(joins);
});

test('the next request takes the memory of the last one', () => {
  const memory = new RequestMemory();
  const last = memory.join([Buffer.alloc(1000, 1)]);
  expect(memory.join([Buffer.alloc(900, 2)]).buffer).toBe(last.buffer);
});

test('a request that was abandoned stays as it is', () => {
  const memory = new RequestMemory();
  const last = memory.join([Buffer.alloc(1000, 1)]);
  memory.abandon();
  memory.join([Buffer.alloc(1000, 2)]);
  expect(last).toEqual(Buffer.alloc(1000, 1));
});
