import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Kafka, type Server, startKafka, uniqueName } from '../support/kafka.js';
import { createTopic, type TopicOptions } from './topics.js';

const START_MS = 180_000;

/** What is there while a test of the block runs. */
export interface OwnBrokers {
  readonly kafka: Kafka;
  /** The first of them. */
  readonly broker: Server;
  /** A new one for each test. */
  readonly topic: string;
}

/** Gives the tests of a block brokers that they may stop and kill. */
export function ownBrokers(prefix: string, brokers: 1 | 3 = 1, options: TopicOptions = {}): OwnBrokers {
  const own = {} as { -readonly [Key in keyof OwnBrokers]: OwnBrokers[Key] };
  beforeAll(async () => {
    own.kafka = await startKafka({ brokers });
    own.broker = own.kafka.nodes[0] as Server;
  }, START_MS);
  beforeEach(async () => {
    own.topic = uniqueName(prefix);
    await createTopic(own.kafka.brokers, own.topic, options);
  });
  afterAll(() => own.kafka?.stop());
  return own;
}
