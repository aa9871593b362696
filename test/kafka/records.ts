import { CONTENT_TYPE, type ReferenceRecord } from '../reference/kafka-block.js';

const START = 1_790_000_000_123;

/** Numbered records, a ms apart, of some remote addresses: key and value are text, the value counts from `first`.
 * `start` is the time of record 0. */
export function numbered(count: number, { first = 0, keys = 5, start = START } = {}): ReferenceRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: keys === 0 ? null : Buffer.from(`192.0.2.${(first + index) % keys}`),
    value: Buffer.from(String(first + index)),
    headers: [CONTENT_TYPE.json],
    timestamp: start + first + index,
  }));
}
