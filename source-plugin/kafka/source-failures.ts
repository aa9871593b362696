import { AcceptstreamError } from '../../schemas/error.js';
import type { Patience } from './patience.js';

/** What a reader without a reason to wait does with failures: it says what is wrong. */
export const AT_START: Patience = {
  refused: 0,
  unreachable: 2_000,
  not_ready: 8_000,
  closed: 2_000,
  foreign: 0,
  unknown_topic: 8_000,
  sequence: 0,
};

/** A broker may be started again, and a partition get another leader. */
export const WHILE_READING: Patience = {
  refused: 0,
  unreachable: 60_000,
  not_ready: 60_000,
  closed: 60_000,
  foreign: 10_000,
  unknown_topic: 10_000,
  sequence: 0,
};

/** Who follows a topic waits as long as a sink does. */
export const WHILE_FOLLOWING: Patience = {
  ...WHILE_READING,
  unreachable: Number.POSITIVE_INFINITY,
  not_ready: Number.POSITIVE_INFINITY,
  closed: Number.POSITIVE_INFINITY,
};

type Remedies = Readonly<Record<string, (topic: string) => string>>;

/** By the broker's word: failures whose remedy is another for those who read than for those who write. */
const REMEDIES: Remedies = {
  TOPIC_AUTHORIZATION_FAILED: (topic) => `no permission for topic ${topic}: grant this user Describe and Read on it`,
};

// Later, a broker that has just started may not know its topics yet.
export const REMEDIES_AT_START: Remedies = {
  ...REMEDIES,
  UNKNOWN_TOPIC_OR_PARTITION: (topic) => `there is no topic ${topic}: check its name and the brokers`,
};

export function forReaders(error: unknown, topic: string, remedies = REMEDIES): unknown {
  const { type, cause } = error as { type?: string; cause?: { type?: string } };
  const message = remedies[type ?? cause?.type ?? '']?.(topic);
  return message ? new AcceptstreamError('SINK', 'read from Kafka', message, error) : error;
}
