import type { KafkaConfig } from '../config/types.js';

/** What a message about a failure may name. */
export type RefusalContext = Pick<KafkaConfig, 'brokers' | 'topic' | 'tls' | 'sasl'>;

interface Refusal extends RefusalContext {
  /** host:port, one or all. */
  readonly where: string;
}

type Explain = (refusal: Refusal) => string;

const mechanismOf = ({ sasl }: RefusalContext) => sasl?.mechanism.toUpperCase() ?? 'without SASL';

const tooLarge: Explain = ({ topic }) =>
  `topic ${topic} takes no batch of this size: raise its max.message.bytes to 1048588, Kafka's default`;

/** By the broker's error name: what no waiting can help. */
export const BROKER_REFUSALS: Readonly<Record<string, Explain>> = {
  SASL_AUTHENTICATION_FAILED: ({ where, sasl }) =>
    `${where} refuses user ${sasl?.username}: check sasl.username and its password`,
  UNSUPPORTED_SASL_MECHANISM: (refusal) =>
    `${refusal.where} does not offer ${mechanismOf(refusal)}: set sasl.mechanism to one that it offers`,
  ILLEGAL_SASL_STATE: ({ where }) => `${where} takes no SASL: leave sasl out, or use the port of a SASL listener`,
  TOPIC_AUTHORIZATION_FAILED: ({ topic }) =>
    `no permission for topic ${topic}: grant this user Describe and Write on it (Create too, for create_topic)`,
  CLUSTER_AUTHORIZATION_FAILED: () =>
    'no permission on the cluster: grant this user IdempotentWrite (Create too, for create_topic)',
  MESSAGE_TOO_LARGE: tooLarge,
  RECORD_LIST_TOO_LARGE: tooLarge,
  INVALID_TIMESTAMP: ({ topic }) =>
    `topic ${topic} takes no records of this time: check the clock, or its message.timestamp.before.max.ms and after.max.ms`,
  INVALID_RECORD: ({ topic }) => `topic ${topic} refuses the records: a compacted topic needs a key other than none`,
  INVALID_TOPIC_EXCEPTION: ({ topic }) => `${topic} can't be a topic's name: change topic`,
  INVALID_REPLICATION_FACTOR: () => 'create_topic.replication is more than the cluster has brokers',
  INVALID_PARTITIONS: () => 'create_topic.partitions is not a number that the broker accepts',
  POLICY_VIOLATION: ({ topic }) => `a policy of the cluster forbids this topic ${topic}: change topic or create_topic`,
  UNSUPPORTED_COMPRESSION_TYPE: ({ topic }) => `topic ${topic} does not take this compression: change compression`,
};
