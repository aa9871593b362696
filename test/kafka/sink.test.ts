import { execFileSync, spawnSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KafkaConfig } from '../../source-plugin/config/types.js';
import { type BlockBatch, checkKafkaSink, type KafkaTarget, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { blocksOf, type ReferenceRecord } from '../reference/kafka-block.js';
import { partitionOf } from '../reference/murmur2.js';
import { kafkaReason, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { configOf } from './config.js';
import { numbered } from './records.js';
import { administer, createTopic, readTopic, type StoredRecord } from './topics.js';

const START_MS = 120_000;
const PARTITIONS = 3;

describeUnless(kafkaReason(), 'the Kafka sink', () => {
  let brokers: readonly string[];
  let shared: Shared;
  const targets: KafkaTarget[] = [];
  const notices: string[] = [];

  beforeAll(async () => {
    shared = await sharedKafka();
    brokers = shared.brokers;
  }, START_MS);

  afterEach(async () => {
    for (const { sink } of targets.splice(0)) await sink.close();
    notices.length = 0;
  });

  async function open(topic: string, fields: Partial<KafkaConfig> = {}): Promise<KafkaTarget> {
    const config = configOf({ brokers, topic, ...fields });
    const target = await openKafkaSink(config, { onWait: (message) => notices.push(message) });
    targets.push(target);
    return target;
  }

  async function newTopic(settings: object = {}): Promise<string> {
    const topic = uniqueName('sink');
    await createTopic(brokers, topic, { partitions: PARTITIONS, settings });
    return topic;
  }

  describe('records', () => {
    test.each(['none', 'gzip', 'zstd'] as const)('arrive whole, compression %s', async (compression) => {
      const topic = await newTopic();
      const { partitions, sink } = await open(topic, { compression });
      expect(partitions).toBe(PARTITIONS);
      const records = [...numbered(1_000), ...numbered(1, { first: 1_000 })];
      await sink.write(batchOf(records.slice(0, 1_000)));
      await sink.write(batchOf(records.slice(1_000)));
      expect(await readTopic(brokers, topic)).toEqual(expectedOf(records));
      expect(notices).toEqual([]);
    });

    test('without keys go to the partition of their block', async () => {
      const topic = await newTopic();
      const { sink } = await open(topic, { key: 'none' });
      await sink.write(batchOf(numbered(10, { keys: 0 }), 2));
      const stored = await readTopic(brokers, topic);
      expect(stored.map(({ partition, key, value }) => ({ partition, key, value }))).toEqual(
        Array.from({ length: 10 }, (_, index) => ({ partition: 2, key: null, value: String(index) })),
      );
    });

    test('are a block per partition and request, in the order of the blocks', async () => {
      const topic = await newTopic();
      const { sink } = await open(topic);
      const [first, second] = [numbered(20, { keys: 1 }), numbered(20, { first: 20, keys: 1 })];
      const blocks = [...blocksOf(first, PARTITIONS), ...blocksOf(second, PARTITIONS)];
      await sink.write({ ...batchOf([]), blocks } as BlockBatch);
      expect((await readTopic(brokers, topic)).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: 40 }, (_, index) => index),
      );
    });

    test('have the greatest timestamp of the block as that of their batch', async () => {
      const topic = await newTopic();
      const { sink } = await open(topic);
      const records = numbered(3, { keys: 1 }).map((record, index) => ({
        ...record,
        timestamp: record.timestamp + ([0, 5_000, 1_000][index] ?? 0),
      }));
      await sink.write(batchOf(records));
      const latest = records[1]?.timestamp ?? 0;
      const found = await administer(brokers, (admin) => admin.fetchTopicOffsetsByTimestamp(topic, latest));
      const partition = partitionOf(Buffer.from('192.0.2.0'), PARTITIONS);
      expect(found.find((one) => one.partition === partition)?.offset).toBe('1');
      expect((await readTopic(brokers, topic)).map(({ timestamp }) => timestamp)).toEqual(
        records.map(({ timestamp }) => timestamp),
      );
    });
  });

  describe('an independent reader, kcat', () => {
    const missing = spawnSync('kcat', ['-V']).status !== 0;
    test.skipIf(missing).each(['none', 'gzip', 'zstd'] as const)(
      `agrees, compression %s${missing ? ' (skipped: needs kcat)' : ''}`,
      async (compression) => {
        const topic = await newTopic();
        const { sink } = await open(topic, { compression });
        const records = numbered(100);
        await sink.write(batchOf(records));
        const format = '%p %o %k %s %h %T\n';
        const output = execFileSync('kcat', ['-C', '-e', '-q', '-b', brokers.join(','), '-t', topic, '-f', format], {
          encoding: 'utf8',
        });
        const lines = expectedOf(records).map(
          ({ partition, offset, key, value, timestamp }) =>
            `${partition} ${offset} ${key} ${value} content-type=application/json ${timestamp}`,
        );
        expect(output.trimEnd().split('\n').sort()).toEqual(lines.sort());
      },
    );
  });

  describe('the topic', () => {
    test('that is missing is an error that names the remedy, at once', async () => {
      const topic = uniqueName('missing');
      await expect(open(topic)).rejects.toMatchObject({
        code: 'SINK',
        message: `topic ${topic} does not exist: create it, or set create_topic with partitions and replication`,
      });
      expect(await administer(brokers, (admin) => admin.listTopics())).not.toContain(topic);
    });

    test('is created as asked for', async () => {
      const topic = uniqueName('created');
      const { partitions, sink } = await open(topic, { create_topic: { partitions: 5, replication: 1 } });
      expect(partitions).toBe(5);
      await sink.write({ ...batchOf([]), blocks: blocksOf(numbered(10), 5) } as BlockBatch);
      expect(await readTopic(brokers, topic)).toHaveLength(10);
    });

    test('is not created by a check', async () => {
      const topic = uniqueName('checked');
      const config = configOf({ brokers, topic, create_topic: { partitions: 5, replication: 1 } });
      expect(await checkKafkaSink(config, { onWait: () => {} })).toEqual({ partitions: 5, replication: 1 });
      expect(await administer(brokers, (admin) => admin.listTopics())).not.toContain(topic);
      await open(topic, config);
      expect(await checkKafkaSink(config, { onWait: () => {} })).toEqual({ partitions: 5 });
    });

    test('that exists is left as it is', async () => {
      const topic = await newTopic();
      const { partitions } = await open(topic, { create_topic: { partitions: 7, replication: 1 } });
      expect(partitions).toBe(PARTITIONS);
    });

    test.each([
      [{ create_topic: { partitions: 1, replication: 3 } }, 'create_topic.replication is more than the cluster has'],
      [{ topic: '..' }, "can't be a topic's name"],
    ])('that cannot be created: %j', async (fields, message) => {
      const topic = uniqueName('refused');
      await expect(open(topic, fields)).rejects.toThrow(message);
      const check = checkKafkaSink(configOf({ brokers, topic, ...fields }), { onWait: () => {} });
      await expect(check).rejects.toThrow(message);
    });

    test('that takes no batch of this size says so', async () => {
      const topic = await newTopic({ 'max.message.bytes': 1_000 });
      const { sink } = await open(topic);
      await expect(sink.write(batchOf(numbered(500)))).rejects.toMatchObject({
        code: 'SINK',
        message: expect.stringContaining(`topic ${topic} takes no batch of this size: raise its max.message.bytes`),
      });
      await sink.write(batchOf(numbered(5)));
      expect((await readTopic(brokers, topic)).map(({ value }) => value).sort()).toEqual(['0', '1', '2', '3', '4']);
    });

    test('that takes no records of this time says so', async () => {
      const topic = await newTopic({ 'message.timestamp.after.max.ms': 60_000 });
      const { sink } = await open(topic);
      const ahead = numbered(1).map((record) => ({ ...record, timestamp: Date.now() + 86_400_000 }));
      await expect(sink.write(batchOf(ahead))).rejects.toThrow('check the clock');
    });

    test('that is compacted wants a key', async () => {
      const topic = await newTopic({ 'cleanup.policy': 'compact' });
      const { sink } = await open(topic, { key: 'none' });
      await expect(sink.write(batchOf(numbered(1, { keys: 0 })))).rejects.toThrow('needs a key other than none');
    });
  });

  test('a batch without blocks is refused', async () => {
    const { sink } = await open(await newTopic());
    await expect(sink.write({ bytes: Buffer.from('x'), records: 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('sequence numbers that run out start again with a new producer, nothing lost or doubled', async () => {
    const { BlockProducer } = await import('../../source-plugin/kafka/producer.js');
    const { createClient } = await import('../../source-plugin/kafka/connection.js');
    const topic = await newTopic();
    const { client, sockets } = createClient(configOf({ brokers }));
    const producer = new BlockProducer({ client, topic, compression: 0, onMetadata: () => {}, lastSequence: 100 });
    for (let first = 0; first < 500; first += 40) {
      const blocks = blocksOf(numbered(40, { first, keys: 1 }), PARTITIONS);
      expect(await producer.send(blocks)).toEqual(new Set(blocks));
    }
    await producer.renew();
    sockets.destroy();
    const values = (await readTopic(brokers, topic)).map(({ value }) => Number(value));
    expect(values).toEqual(Array.from({ length: 520 }, (_, index) => index));
  });
});

function batchOf(records: readonly ReferenceRecord[], keyless = 0): BlockBatch {
  const blocks = blocksOf(records, PARTITIONS, keyless);
  return { bytes: Buffer.concat(blocks.map(({ bytes }) => bytes)), records: records.length, blocks };
}

/** What a topic must hold. */
function expectedOf(records: readonly ReferenceRecord[]): StoredRecord[] {
  const offsets = new Map<number, number>();
  const stored = records.map(({ key, value, headers, timestamp }) => {
    const partition = partitionOf(key ?? Buffer.alloc(0), PARTITIONS);
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    const text = { key: String(key), value: String(value), headers: Object.fromEntries(headers) };
    return { partition, offset, ...text, timestamp };
  });
  return stored.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
}
