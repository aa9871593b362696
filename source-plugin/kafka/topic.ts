import type { Admin } from 'kafkajs';
import { AcceptstreamError } from '../../schemas/error.js';
import type { KafkaConfig } from '../config/types.js';

/** What of a configuration tells which topic is meant. */
export type TopicChoice = Pick<KafkaConfig, 'topic' | 'create_topic'>;

/**
 * How many partitions the topic has. A missing one is created when `create_topic` says how; one that is there is left
 * as it is. Throws SINK when it is missing and must not be created, else what kafkajs throws.
 */
export async function partitionsOf(admin: Admin, choice: TopicChoice): Promise<number> {
  const found = await lookUp(admin, choice.topic);
  if (found !== undefined) return found;
  await create(admin, choice);
  const { topics } = await admin.fetchTopicMetadata({ topics: [choice.topic] });
  return topics[0]?.partitions.length ?? 0;
}

/** What partitionsOf would find or make. */
export interface TopicPlan {
  readonly partitions: number;
  /** Of a topic that is still to be created. */
  readonly replication?: number;
}

/** As partitionsOf, but a topic that is missing is not created: the brokers say whether it could be. */
export async function planOf(admin: Admin, choice: TopicChoice): Promise<TopicPlan> {
  const partitions = await lookUp(admin, choice.topic);
  if (partitions !== undefined) return { partitions };
  await create(admin, choice, true);
  return { partitions: 0, ...choice.create_topic };
}

async function lookUp(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length;
  } catch (error) {
    if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}

async function create(admin: Admin, { topic, create_topic }: TopicChoice, validateOnly = false): Promise<void> {
  if (create_topic === undefined) throw missing(topic);
  const { partitions: numPartitions, replication: replicationFactor } = create_topic;
  const topics = [{ topic, numPartitions, replicationFactor }];
  await admin.createTopics({ topics, validateOnly, waitForLeaders: false });
}

function missing(topic: string): AcceptstreamError {
  const remedy = 'create it, or set create_topic with partitions and replication';
  return new AcceptstreamError('SINK', 'connect to Kafka', `topic ${topic} does not exist: ${remedy}`);
}
