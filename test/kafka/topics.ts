import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AclEntry, type Admin, Kafka, logLevel } from 'kafkajs';
import { until } from '../support/until.js';

const SETTLE_MS = 30_000;
const PAUSE_MS = 50;

/** A record of a topic as a consumer gets it. */
export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** A client that outlasts an election, also on a busy machine. */
export const clientOf = (brokers: readonly string[]) =>
  new Kafka({
    clientId: 'test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 60 },
  });

/**
 * Runs `work` with an administrator's connection, again while a broker answers that it will be able to later: what the
 * controller has decided reaches the brokers one after the other.
 */
export async function administer<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const admin = clientOf(brokers).admin();
    try {
      await admin.connect();
      return await work(admin);
    } catch (error) {
      if (!(error as { retriable?: boolean }).retriable || performance.now() > deadline) throw error;
    } finally {
      await admin.disconnect();
    }
    await sleep(PAUSE_MS);
  }
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly replication?: number;
  readonly settings?: object;
}

/** Resolves when all brokers know the topic, and its leaders lead it. */
export async function createTopic(
  brokers: readonly string[],
  topic: string,
  { partitions = 3, replication = 1, settings = {} }: TopicOptions = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value: String(value) }));
  const description = { topic, numPartitions: partitions, replicationFactor: replication, configEntries };
  await administer(brokers, (admin) => admin.createTopics({ topics: [description], waitForLeaders: false }));
  await untilServed(brokers, topic, partitions);
}

/** Resolves when the topic has more partitions, as in createTopic. */
export async function growTopic(brokers: readonly string[], topic: string, partitions: number): Promise<void> {
  const topicPartitions = [{ topic, count: partitions }];
  await administer(brokers, (admin) => admin.createPartitions({ topicPartitions }));
  await untilServed(brokers, topic, partitions);
}

// A new connection asks the broker it was made to for the leaders, and those for the offsets.
async function untilServed(brokers: readonly string[], topic: string, partitions: number): Promise<void> {
  for (const broker of brokers) {
    const offsets = () => administer([broker], (admin) => admin.fetchTopicOffsets(topic));
    const isServed = async () => (await offsets()).length === partitions;
    await until(`${partitions} partitions of ${topic} at ${broker}`, isServed, SETTLE_MS);
  }
}

/** Resolves when the brokers act on the entry. */
export async function createAcl(brokers: readonly string[], entry: AclEntry): Promise<void> {
  await administer(brokers, (admin) => admin.createAcls({ acl: [entry] }));
  const described = () => administer(brokers, (admin) => admin.describeAcls(entry));
  const isKnown = async () => (await described()).resources.some(({ acls }) => acls.length > 0);
  await until(`the access list of ${entry.resourceName}`, isKnown, SETTLE_MS);
}

/** Offsets from the first to the end of all partitions. */
export async function countOf(brokers: readonly string[], topic: string): Promise<number> {
  const ends = await administer(brokers, (admin) => admin.fetchTopicOffsets(topic));
  return ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
}

/** All records of a topic up to its present end, each partition in its order. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<StoredRecord[]> {
  const ends = await administer(brokers, (admin) => admin.fetchTopicOffsets(topic));
  const left = new Map(ends.map(({ partition, low, high }) => [partition, Number(high) - Number(low)]));
  const records: StoredRecord[] = [];
  if ([...left.values()].every((count) => count === 0)) return records;
  const consumer = clientOf(brokers).consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
      const reading: Parameters<typeof consumer.run>[0] = {
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) records.push(storedOf(batch.partition, message));
          left.set(batch.partition, (left.get(batch.partition) ?? 0) - batch.messages.length);
          if ([...left.values()].every((count) => count <= 0)) resolve();
        },
      };
      void consumer.run(reading).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
}

/**
 * As readTopic, again until there are so many records: a broker that stood still a moment ago may yet take itself for a
 * leader and answer with the end it remembers.
 */
export async function readAll(brokers: readonly string[], topic: string, records: number): Promise<StoredRecord[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const stored = await readTopic(brokers, topic);
    if (stored.length >= records || performance.now() > deadline) return stored;
  }
}

interface Received {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: string;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

function storedOf(partition: number, { offset, key, value, timestamp, headers = {} }: Received): StoredRecord {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: String(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
    timestamp: Number(timestamp),
  };
}
