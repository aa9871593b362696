import { join } from 'node:path';
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KafkaConfig, SaslConfig, TlsConfig } from '../../source-plugin/config/types.js';
import { type BlockBatch, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { blocksOf } from '../reference/kafka-block.js';
import { type Kafka, kafkaReason, type Listener, startKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { configOf } from './config.js';
import { numbered } from './records.js';
import { createAcl, createTopic, readTopic } from './topics.js';

const START_MS = 120_000;
/** A wrong configuration is told of within this time. */
const SECONDS_MS = 8_000;
const TOPIC = 'accepts';

interface Access {
  readonly listener: Listener;
  /** Names of files in the folder of certificates. */
  readonly tls?: TlsConfig;
  readonly sasl?: SaslConfig;
}

const CA = { ca_file: 'ca.pem' };
const userOf = (mechanism: SaslConfig['mechanism'], fields: Partial<SaslConfig> = {}): SaslConfig => ({
  mechanism,
  username: 'alice',
  password: 'alice-secret',
  ...fields,
});
const clientOf = (name: string) => ({ ...CA, cert_file: `${name}.pem`, key_file: `${name}.key` });

const RIGHT: Readonly<Record<string, Access>> = {
  PLAIN: { listener: 'sasl', sasl: userOf('plain') },
  'SCRAM-SHA-256': { listener: 'sasl', sasl: userOf('scram-sha-256') },
  'SCRAM-SHA-512': { listener: 'sasl', sasl: userOf('scram-sha-512') },
  'TLS with an own authority': { listener: 'tls', tls: CA },
  'TLS with the name in the certificate': { listener: 'misnamed', tls: { ...CA, server_name: 'elsewhere.invalid' } },
  'mutual TLS': { listener: 'mtls', tls: clientOf('client') },
  'SCRAM over TLS': { listener: 'sasl_tls', tls: CA, sasl: userOf('scram-sha-512') },
};

const REFUSED = 'refuses user alice: check sasl.username and its password';
const WRONG: readonly (readonly [name: string, access: Access, message: string])[] = [
  ['a wrong password, PLAIN', { listener: 'sasl', sasl: userOf('plain', { password: 'x' }) }, REFUSED],
  ['a wrong password, SCRAM-SHA-256', { listener: 'sasl', sasl: userOf('scram-sha-256', { password: 'x' }) }, REFUSED],
  ['a wrong password, SCRAM-SHA-512', { listener: 'sasl', sasl: userOf('scram-sha-512', { password: 'x' }) }, REFUSED],
  [
    'a wrong password over TLS',
    { listener: 'sasl_tls', tls: CA, sasl: userOf('scram-sha-512', { password: 'x' }) },
    REFUSED,
  ],
  [
    'a user nobody knows',
    { listener: 'sasl', sasl: userOf('scram-sha-256', { username: 'mallory' }) },
    'refuses user mallory',
  ],
  [
    'a mechanism that is not offered',
    { listener: 'sasl_tls', tls: CA, sasl: userOf('plain') },
    'does not offer PLAIN: set sasl.mechanism',
  ],
  ['SASL where there is none', { listener: 'plaintext', sasl: userOf('plain') }, 'takes no SASL: leave sasl out'],
  ['no SASL where it is expected', { listener: 'sasl' }, 'expects TLS (add tls) or expects SASL (add sasl)'],
  ['no SASL over TLS', { listener: 'sasl_tls', tls: CA }, 'speaks no TLS (leave tls out) or expects SASL (add sasl)'],
  ['an authority nobody named', { listener: 'tls', tls: {} }, 'not trusted here: set tls.ca_file'],
  ['a foreign authority', { listener: 'tls', tls: { ca_file: 'foreign-ca.pem' } }, 'not trusted here: set tls.ca_file'],
  ['an expired certificate', { listener: 'expired', tls: CA }, 'has expired: renew it there'],
  ['a certificate for another host', { listener: 'misnamed', tls: CA }, 'or set tls.server_name'],
  ['no client certificate', { listener: 'mtls', tls: CA }, 'wants a client certificate: set tls.cert_file'],
  ['a foreign client certificate', { listener: 'mtls', tls: clientOf('client-foreign') }, 'does not accept the client'],
  [
    'an expired client certificate',
    { listener: 'mtls', tls: clientOf('client-expired') },
    'does not accept the client',
  ],
  ['no TLS where it is expected', { listener: 'tls' }, 'add tls'],
  ['TLS where there is none', { listener: 'plaintext', tls: CA }, 'speaks no TLS (leave tls out)'],
  [
    'a key of another certificate',
    { listener: 'mtls', tls: { ...clientOf('client'), key_file: 'server.key' } },
    'PEM files whose key belongs to the certificate',
  ],
];

describeUnless(kafkaReason(), 'access to Kafka', () => {
  let kafka: Kafka;

  beforeAll(async () => {
    const properties = { 'listener.name.sasl_tls.sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512' };
    kafka = await startKafka({ security: true, properties });
    await createTopic(kafka.brokers, TOPIC, { partitions: 1 });
  }, START_MS);

  afterAll(() => kafka?.stop());

  function configFor({ listener, tls, sasl }: Access, fields: Partial<KafkaConfig> = {}): KafkaConfig {
    const brokers = kafka.listeners[listener];
    return configOf({ brokers, topic: TOPIC, ...(tls && { tls: absolute(tls) }), ...(sasl && { sasl }), ...fields });
  }

  function absolute(tls: TlsConfig): TlsConfig {
    const paths = Object.entries(tls).map(([key, name]) =>
      key.endsWith('_file') ? [key, join(kafka.certificates, name)] : [key, name],
    );
    return Object.fromEntries(paths);
  }

  const open = (config: KafkaConfig) => openKafkaSink(config, { onWait: () => {} });

  describe('delivers with', () => {
    test.each(Object.entries(RIGHT))('%s', async (name, access) => {
      const { sink } = await open(configFor(access));
      const records = numbered(10, { keys: 1 }).map((record) => ({ ...record, value: Buffer.from(name) }));
      await sink.write({ blocks: blocksOf(records, 1) } as unknown as BlockBatch);
      await sink.close();
      const stored = await readTopic(kafka.brokers, TOPIC);
      expect(stored.filter(({ value }) => value === name)).toHaveLength(10);
    });
  });

  test('delivers to a broker at an IPv6 address', async ({ skip }) => {
    const brokers = kafka.listeners.ipv6 ?? skip('needs the address ::1');
    expect(brokers).toEqual([expect.stringMatching(/^\[::1\]:\d+$/)]);
    const topic = uniqueName('ipv6');
    const create_topic = { partitions: 1, replication: 1 };
    const { sink } = await open(configOf({ brokers, topic, create_topic }));
    await sink.write({ blocks: blocksOf(numbered(10), 1) } as unknown as BlockBatch);
    await sink.close();
    expect(await readTopic(kafka.brokers, topic)).toHaveLength(10);
  });

  // Some are taken for a broker that starts, for two seconds.
  describe.concurrent('fails within seconds and says what to do with', () => {
    test.each(WRONG)('%s', async (_name, access, message) => {
      const start = performance.now();
      const failure = open(configFor(access));
      await expect(failure).rejects.toMatchObject({ code: 'SINK', message: expect.stringContaining(message) });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
      expect(performance.now() - start).toBeLessThan(SECONDS_MS);
    });
  });

  describe('without permission', () => {
    const access: Access = { listener: 'sasl', sasl: userOf('plain') };

    function setAcl(
      acl: Pick<AclEntry, 'resourceType' | 'resourceName' | 'operation' | 'permissionType'>,
    ): Promise<void> {
      const whom = { resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:alice', host: '*' };
      return createAcl(kafka.brokers, { ...acl, ...whom });
    }

    // A resource with any ACL allows what its ACLs allow only.
    function allowOnly(topic: string, operation: AclOperationTypes): Promise<void> {
      const permissionType = AclPermissionTypes.ALLOW;
      return setAcl({ resourceType: AclResourceTypes.TOPIC, resourceName: topic, operation, permissionType });
    }

    test('to see the topic it fails at the start', async () => {
      const topic = uniqueName('hidden');
      await createTopic(kafka.brokers, topic);
      await allowOnly(topic, AclOperationTypes.ALTER_CONFIGS);
      await expect(open(configFor(access, { topic }))).rejects.toThrow(`no permission for topic ${topic}: grant`);
    });

    test('to write it fails at the first write', async () => {
      const topic = uniqueName('readable');
      await createTopic(kafka.brokers, topic, { partitions: 1 });
      await allowOnly(topic, AclOperationTypes.DESCRIBE);
      const { sink } = await open(configFor(access, { topic }));
      const write = sink.write({ blocks: blocksOf(numbered(1), 1) } as unknown as BlockBatch);
      await expect(write).rejects.toMatchObject({
        code: 'SINK',
        message: expect.stringContaining('Describe and Write'),
      });
      await sink.close();
    });

    test('to create the topic it fails at the start', async () => {
      const topic = uniqueName('forbidden');
      await allowOnly(topic, AclOperationTypes.DESCRIBE);
      await setAcl({
        resourceType: AclResourceTypes.CLUSTER,
        resourceName: 'kafka-cluster',
        operation: AclOperationTypes.CREATE,
        permissionType: AclPermissionTypes.DENY,
      });
      const create_topic = { partitions: 1, replication: 1 };
      const failure = open(configFor(access, { topic, create_topic }));
      await expect(failure).rejects.toThrow(
        `no permission for topic ${topic}: grant this user Describe and Write on it (Create`,
      );
    });
  });
});
