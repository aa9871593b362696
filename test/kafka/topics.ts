import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';

const LEADERS_MS = 15_000;
const SETTLE_MS = 15_000;

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

const clientOf = (brokers: readonly string[]) =>
  new Kafka({ clientId: 'test', brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { maxRetryTime: 500 } });

/** Runs `work` with an administrator's connection. */
export async function administer<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly replication?: number;
  readonly settings?: object;
}

/** Resolves when the topic has all its leaders. */
export async function createTopic(
  brokers: readonly string[],
  topic: string,
  { partitions = 3, replication = 1, settings = {} }: TopicOptions = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value: String(value) }));
  const description = { topic, numPartitions: partitions, replicationFactor: replication, configEntries };
  await administer(brokers, async (admin) => {
    await admin.createTopics({ topics: [description], waitForLeaders: false });
    const deadline = performance.now() + LEADERS_MS;
    while (!(await hasLeaders(admin, topic))) {
      if (performance.now() > deadline) throw new Error(`topic ${topic} has no leaders within ${LEADERS_MS} ms`);
      await sleep(20);
    }
  });
}

// Just after its creation a broker may not know the topic, or that it leads a partition.
function hasLeaders(admin: Admin, topic: string): Promise<boolean> {
  return admin.fetchTopicOffsets(topic).then(
    (offsets) => offsets.length > 0,
    () => false,
  );
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
