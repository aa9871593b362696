// The broker and the registry of a run: one of each for all Kafka figures.
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { startKafka } from '../../pipelines/kafka-local/broker.mjs';
import { startRegistry } from '../../pipelines/kafka-local/registry.mjs';

export const PARTITIONS = 3;

// The fixed data set has times of its own.
const ANY_TIME = { 'log.message.timestamp.after.max.ms': '9223372036854775807' };

let servers;

async function start() {
  const both = await Promise.allSettled([startKafka({ properties: ANY_TIME }), startRegistry()]);
  const failed = both.find(({ status }) => status === 'rejected');
  if (!failed) return both.map(({ value }) => value);
  for (const { value } of both) await value?.stop();
  throw failed.reason;
}

/** Starts both on first use. */
export async function kafkaServers() {
  servers ??= start();
  const [{ brokers, nodes }, { url }] = await servers;
  return { brokers, registry: url, brokerPid: nodes[0].pid };
}

/** Stops what was started. */
export async function stopServers() {
  const started = servers ? await servers.catch(() => []) : [];
  for (const server of started) await server.stop();
}

/** kafkajs as it comes. */
export function plainClient(brokers) {
  return new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING });
}

async function administer(work) {
  const admin = plainClient((await kafkaServers()).brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes a topic and waits for its leaders. */
export function createTopic(topic, numPartitions = PARTITIONS) {
  return administer((admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }));
}

/** Records that a topic holds. */
export function storedRecords(topic) {
  return administer(async (admin) => {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  });
}

/** An idempotent producer of kafkajs that places keys as Java's does. */
export function plainProducer(brokers) {
  return plainClient(brokers).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
}
