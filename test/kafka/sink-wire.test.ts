import type { Socket } from 'node:net';
import { CompressionTypes, Kafka, logLevel, type Message } from 'kafkajs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Block } from '../../filter-core/index.js';
import kafkajsPackage from '../../node_modules/kafkajs/package.json' with { type: 'json' };
import packageJson from '../../package.json' with { type: 'json' };
import { compressionType } from '../../source-plugin/kafka/compression.js';
import { createClient } from '../../source-plugin/kafka/connection.js';
import { BlockProducer } from '../../source-plugin/kafka/producer.js';
import { blockOf, blocksOf, type ReferenceRecord } from '../reference/kafka-block.js';
import { partitionOf } from '../reference/murmur2.js';
import { configOf } from './config.js';
import { agreeable, apiKeyOf, type FakeBroker, PRODUCE, startFakeBroker } from './fake-broker.js';
import { numbered } from './records.js';

const TOPIC = 'accepts';
const PARTITIONS = 3;
const REQUEST_MS = 1_000;

let broker: FakeBroker;

beforeEach(async () => {
  broker = await startFakeBroker(agreeable(TOPIC, PARTITIONS));
});

afterEach(() => broker.close());

/** The Produce requests that a broker saw since the last call. */
function produced(): Buffer[] {
  return broker.requests.splice(0).filter((request) => apiKeyOf(request) === PRODUCE);
}

async function sendBlocks(portions: readonly (readonly Block[])[], compression: CompressionTypes): Promise<Buffer[]> {
  const { client, sockets } = createClient(configOf({ brokers: [broker.address] }));
  const producer = new BlockProducer({ client, topic: TOPIC, compression, onMetadata: () => {} });
  for (const blocks of portions) expect(await producer.send(blocks)).toEqual(new Set(blocks));
  await producer.renew();
  sockets.destroy();
  return produced();
}

function messageOf({ key, value, headers, timestamp }: ReferenceRecord): Message {
  const partition = key === null ? 0 : partitionOf(key, PARTITIONS);
  return { key, value, headers: Object.fromEntries(headers), timestamp: String(timestamp), partition };
}

/** The same as plain kafkajs sends it. */
async function sendPlainly(portions: readonly ReferenceRecord[][], compression: CompressionTypes): Promise<Buffer[]> {
  const client = new Kafka({ clientId: 'acceptstream', brokers: [broker.address], logLevel: logLevel.NOTHING });
  const producer = client.producer({
    idempotent: true,
    createPartitioner: () => (call) => call.message.partition ?? 0,
    retry: { retries: 1 },
  });
  await producer.connect();
  for (const records of portions) {
    await producer.send({ topic: TOPIC, acks: -1, timeout: 30_000, compression, messages: records.map(messageOf) });
  }
  await producer.disconnect();
  return produced();
}

test('kafkajs is the release that the seam is made for', () => {
  expect(packageJson.dependencies.kafkajs).toBe('2.2.4');
  expect(kafkajsPackage.version).toBe('2.2.4');
});

const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;

test.each(COMPRESSIONS)('blocks become the bytes of an ordinary send, compression %s', async (name) => {
  const portions = [
    numbered(500),
    numbered(1, { first: 500 }),
    numbered(40, { first: 501, keys: 0 }),
    numbered(300, { first: 541, keys: 50 }),
  ];
  const blocks = portions.map((records) => blocksOf(records, PARTITIONS));
  expect(blocks.map((portion) => portion.length)).toEqual([3, 1, 1, 3]);
  const compression = await compressionType(name);
  const ours = await sendBlocks(blocks, compression);
  const plain = await sendPlainly(portions, compression);
  expect(ours.length).toBe(portions.length);
  expect(ours).toEqual(plain);
});

test('the greatest timestamp counts where the last record is not the latest', async () => {
  const records = [1_000, 9_000, 5_000].map((timestamp, index) => ({ ...numbered(3, { keys: 1 })[index], timestamp }));
  const portion = records as ReferenceRecord[];
  const ours = await sendBlocks([blocksOf(portion, PARTITIONS)], CompressionTypes.None);
  expect(ours.length).toBe(1);
  expect(ours).toEqual(await sendPlainly([portion], CompressionTypes.None));
});

test('a second block of a partition goes with the next request', async () => {
  const [first, second, third] = [
    blockOf(0, numbered(2)),
    blockOf(0, numbered(2, { first: 2 })),
    blockOf(1, numbered(2, { first: 4 })),
  ] as const;
  const { client, sockets } = createClient(configOf({ brokers: [broker.address] }));
  const producer = new BlockProducer({
    client,
    topic: TOPIC,
    compression: CompressionTypes.None,
    onMetadata: () => {},
  });
  expect(await producer.send([first, second, third])).toEqual(new Set([first, third]));
  expect(await producer.send([second])).toEqual(new Set([second]));
  sockets.destroy();
});

test('a request that is stuck in a socket stays as it is while others are made', async () => {
  const record = (letter: string) => {
    return { key: null, value: Buffer.alloc(8 << 20, letter), headers: [], timestamp: 1_790_000_000_000 };
  };
  const [first, stuck, next] = ['a', 'b', 'c'].map((letter) => blockOf(0, [record(letter)])) as [Block, Block, Block];
  const right = agreeable(TOPIC, PARTITIONS);
  let paused: Socket | undefined;
  await broker.close();
  broker = await startFakeBroker((request, socket) => {
    if (apiKeyOf(request) === PRODUCE) paused ??= socket.pause();
    return right(request, socket);
  });
  const client = new Kafka({ brokers: [broker.address], requestTimeout: REQUEST_MS, logLevel: logLevel.NOTHING });
  const producer = new BlockProducer({
    client,
    topic: TOPIC,
    compression: CompressionTypes.None,
    onMetadata: () => {},
  });
  expect(await producer.send([first])).toEqual(new Set([first]));
  await expect(producer.send([stuck])).rejects.toThrow('timed out');
  const sent = producer.send([next]);
  paused?.resume();
  expect(await sent).toEqual(new Set([next]));
  const requests = produced();
  const isWhole = [first, stuck, next].map(({ bytes }, at) => requests[at]?.subarray(-bytes.length).equals(bytes));
  expect(isWhole).toEqual([true, true, true]);
  await producer.renew();
});
