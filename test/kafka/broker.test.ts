import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AclEntry, Kafka as Client, type KafkaConfig, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Kafka,
  kafkaReason,
  kafkaTool,
  type Listener,
  type Shared,
  sharedKafka,
  startKafka,
  uniqueName,
} from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { administer, clientOf, createAcl, createTopic } from './topics.js';

const runs = promisify(execFile);
const START_MS = 120_000;
const CONNECT_MS = 10_000;

/** A client that tries once. */
function client(config: Partial<KafkaConfig> & Pick<KafkaConfig, 'brokers'>): Client {
  const quiet = { clientId: 'harness', logLevel: logLevel.NOTHING };
  return new Client({ ...quiet, connectionTimeout: CONNECT_MS, retry: { retries: 0 }, ...config });
}

/** Of one partition. */
async function newTopic(brokers: readonly string[], replication = 1): Promise<string> {
  const topic = uniqueName('harness');
  await createTopic(brokers, topic, { partitions: 1, replication });
  return topic;
}

/** Connects, asks for the topics, and disconnects. */
async function visit(config: Parameters<typeof client>[0]): Promise<string> {
  const admin = client(config).admin();
  try {
    await admin.connect();
    await admin.listTopics();
    return 'in';
  } catch (error) {
    return reasonOf(error as Error);
  } finally {
    await admin.disconnect();
  }
}

// Exhausted retries hide what happened in their cause, a connection error in its text.
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : `${error.name}: ${error.message}`;
}

describeUnless(kafkaReason(), 'the local broker', () => {
  let kafka: Shared;
  beforeAll(async () => {
    kafka = await sharedKafka();
  }, START_MS);

  const pem = (name: string) => readFileSync(join(kafka.certificates, name), 'utf8');
  const own = (name: string) => ({ ca: pem('ca.pem'), cert: pem(`${name}.pem`), key: pem(`${name}.key`) });
  // kafkajs keeps its first authenticator in the object: each client needs one of its own.
  const login = (mechanism: string, password: string) =>
    ({ mechanism, username: kafka.user.username, password }) as KafkaConfig['sasl'];
  const at = (listener: Listener) => ({ brokers: [...kafka.listeners[listener]] });

  it(
    'holds what was sent to it',
    async () => {
      const topic = await newTopic(kafka.brokers);
      const producer = client(at('plaintext')).producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] });
      await producer.disconnect();
      const tool = ['--bootstrap-server', kafka.brokers.join(), '--topic', topic];
      const [java, ...args] = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...tool,
        '--from-beginning',
        '--max-messages',
        '2',
      ]);
      expect((await runs(java ?? '', args)).stdout).toBe('one\ntwo\n');
    },
    START_MS,
  );

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('lets its user in by %s', async (mechanism) => {
    const { password } = kafka.user;
    expect(await visit({ ...at('sasl'), sasl: login(mechanism, password) })).toBe('in');
    expect(await visit({ ...at('sasl_tls'), sasl: login(mechanism, password), ssl: { ca: pem('ca.pem') } })).toBe('in');
    expect(await visit({ ...at('sasl'), sasl: login(mechanism, 'wrong') })).toMatch(/^KafkaJSSASLAuthenticationError/);
  });

  it.each<{ listener: Listener; client?: string; ca?: string; outcome: RegExp }>([
    { listener: 'tls', outcome: /^in$/ },
    { listener: 'tls', ca: 'foreign-ca', outcome: /unable to verify the first certificate/ },
    { listener: 'expired', outcome: /certificate has expired/ },
    { listener: 'misnamed', outcome: /does not match certificate's altnames/ },
    { listener: 'mtls', client: 'client', outcome: /^in$/ },
    { listener: 'mtls', outcome: /bad certificate/ },
    { listener: 'mtls', client: 'client-expired', outcome: /certificate unknown|certificate expired/ },
    { listener: 'mtls', client: 'client-foreign', outcome: /certificate unknown/ },
  ])(
    'answers $listener with client $client and authority $ca by $outcome',
    async ({ listener, client: name, ca, outcome }) => {
      const ssl = { ...(name ? own(name) : {}), ca: pem(`${ca ?? 'ca'}.pem`) };
      expect(await visit({ ...at(listener), ssl })).toMatch(outcome);
    },
  );

  it('refuses what an access list forbids', async () => {
    const topic = await newTopic(kafka.brokers);
    await createAcl(kafka.brokers, denial(topic, `User:${kafka.user.username}`));
    const sasl = login('plain', kafka.user.password);
    const producer = client({ ...at('sasl'), sasl }).producer({ retry: { retries: 0 } });
    await producer.connect();
    await expect(producer.send({ topic, messages: [{ value: 'x' }] })).rejects.toThrow(/not authorized/i);
    await producer.disconnect();
  });
});

function denial(topic: string, principal: string): AclEntry {
  return {
    resourceType: 2, // TOPIC
    resourceName: topic,
    resourcePatternType: 3, // LITERAL
    principal,
    host: '*',
    operation: 4, // WRITE
    permissionType: 2, // DENY
  };
}

describeUnless(kafkaReason(), 'its nodes', () => {
  let kafka: Kafka;
  let producer: Producer;
  beforeAll(async () => {
    kafka = await startKafka();
    producer = clientOf(kafka.brokers).producer({ idempotent: true });
    await producer.connect();
  }, START_MS);
  afterAll(async () => {
    await producer?.disconnect();
    await kafka?.stop();
  });

  const send = (topic: string, value: string) => producer.send({ topic, messages: [{ value }], acks: -1 });

  it('keep their data and their ports over a kill -9', async () => {
    const topic = await newTopic(kafka.brokers);
    await send(topic, 'before');
    const [node] = kafka.nodes;
    const first = node?.pid;
    await node?.kill();
    expect(node?.isRunning).toBe(false);
    await node?.restart();
    expect(node?.pid).not.toBe(first);
    const [sent] = await send(topic, 'after');
    expect(sent?.baseOffset).toBe('1');
  });

  it('answer nothing while paused and go on where they were', async () => {
    const topic = await newTopic(kafka.brokers);
    await send(topic, 'before');
    await kafka.nodes[0]?.pause();
    const paused = send(topic, 'while paused');
    expect(await visit({ brokers: [...kafka.brokers], connectionTimeout: 500, requestTimeout: 500 })).toMatch(
      /timed? ?out/i,
    );
    await kafka.nodes[0]?.resume();
    await paused;
    expect(kafka.nodes[0]?.isRunning).toBe(true);
  });
});

describeUnless(kafkaReason(), 'three brokers', () => {
  it(
    'elect another leader when theirs is killed',
    async () => {
      const kafka = await startKafka({ brokers: 3 });
      try {
        const topic = await newTopic(kafka.brokers, 3);
        const producer = clientOf(kafka.brokers).producer({ idempotent: true });
        await producer.connect();
        await producer.send({ topic, messages: [{ value: 'before' }], acks: -1 });
        const metadata = () => administer(kafka.brokers, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
        const leader = (await metadata()).topics[0]?.partitions[0]?.leader ?? 0;
        await kafka.nodes[leader - 1]?.kill();
        const [sent] = await producer.send({ topic, messages: [{ value: 'after' }], acks: -1 });
        expect(sent?.baseOffset).toBe('1');
        await producer.disconnect();
      } finally {
        await kafka.stop();
      }
    },
    START_MS,
  );
});
