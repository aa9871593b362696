import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, KAFKA_KEYS, type KafkaBlocks, loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { blocksOf, referenceOf } from '../reference/kafka-block.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, encode } from './support.js';

/** A block with bytes of its own. */
const kept = ({ bytes, ...rest }: Block) => ({ ...rest, bytes: Buffer.from(bytes).toString('hex') });

async function portionsOf(records: readonly Accept[], kafka: KafkaBlocks): Promise<Block[][]> {
  const core = await loadCore({ format: 'kafka', kafka });
  const bytes = encode(records);
  core.input.set(bytes);
  const portions: Block[][] = [];
  for (const { blocks = [] } of core.portions(bytes.length)) {
    portions.push(blocks.map((block) => ({ ...block, bytes: Buffer.from(block.bytes) })));
  }
  return portions;
}

const byPartition = (one: Block, other: Block) => one.partition - other.partition;

const options = fc.record({
  partitions: fc.constantFrom(1, 2, 7, 10_000),
  key: fc.constantFrom(...KAFKA_KEYS),
  encoding: fc.constant('avro' as const),
  schemaId: fc.constantFrom(0, 1, 258, 2 ** 31 - 1),
});

test('any records with any key are the blocks that plain TypeScript makes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAccept, { minLength: 1, maxLength: 12 }), options, async (records, kafka) => {
      const [blocks = [], ...others] = await portionsOf(records, kafka);
      const references = records.map((record) => referenceOf(record, kafka));
      expect(others).toEqual([]);
      expect(blocks.toSorted(byPartition).map(kept)).toEqual(blocksOf(references, kafka.partitions).map(kept));
    }),
    { numRuns: 300 },
  );
});

test('JSON values have no newline and no framing', async () => {
  const kafka: KafkaBlocks = { partitions: 3, key: 'remote_address', encoding: 'json' };
  const records = [acceptOf({ remote_address: '10.0.0.1' }), acceptOf({ remote_address: '10.0.0.2' }), acceptOf({})];
  const [blocks = []] = await portionsOf(records, kafka);
  const references = records.map((record) => referenceOf(record, kafka));
  expect(blocks.toSorted(byPartition).map(kept)).toEqual(blocksOf(references, 3).map(kept));
});

describe('more records than an output holds', () => {
  const records = Array.from({ length: 3000 }, (_, index) =>
    acceptOf({ sequence: index, local_port: index % 50, event_time: 1_795_365_901_000_000 + (index % 7) * 1000 }),
  ).slice(0, 550);

  test.each(['none', 'local_port'] as const)('every record once and in order, key %s', async (key) => {
    const kafka: KafkaBlocks = { partitions: 6, key, encoding: 'json' };
    const portions = await portionsOf(records, kafka);
    expect(portions.length).toBeGreaterThan(1);
    let at = 0;
    for (const [turn, blocks] of portions.entries()) {
      const count = blocks.reduce((sum, block) => sum + block.records, 0);
      const references = records.slice(at, at + count).map((record) => referenceOf(record, kafka));
      expect(blocks.toSorted(byPartition).map(kept)).toEqual(blocksOf(references, 6, turn % 6).map(kept));
      expect(blocks.every((block) => block.bytes.length < 900_000)).toBe(true);
      at += count;
    }
    expect(at).toBe(records.length);
  });
});

test('a datum too long for a record is malformed', async () => {
  const kafka: KafkaBlocks = { partitions: 1, key: 'none', encoding: 'avro', schemaId: 1 };
  await expect(portionsOf([acceptOf({ comm: 'x'.repeat(40_000) })], kafka)).rejects.toMatchObject({
    code: 'MALFORMED',
  });
});

test('timestamps before the epoch and out of order', async () => {
  const kafka: KafkaBlocks = { partitions: 1, key: 'none', encoding: 'avro', schemaId: 7 };
  const records = [5_000, -1_500, 9_999, -1].map((event_time) => acceptOf({ event_time }));
  const [blocks = []] = await portionsOf(records, kafka);
  expect(blocks).toMatchObject([{ firstTimestamp: 5, maxTimestamp: 9, records: 4 }]);
  expect(blocks.map(kept)).toEqual(
    blocksOf(
      records.map((record) => referenceOf(record, kafka)),
      1,
    ).map(kept),
  );
});
