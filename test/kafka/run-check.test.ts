import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { runProgram } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { SCHEMA } from './read-support.js';
import { fileOf, runReason, sinkOf } from './run-program.js';
import { administer, countOf, createTopic } from './topics.js';

const START_MS = 120_000;
const SECONDS_MS = 25_000;
const NOBODY_THERE = '127.0.0.1:9';
const MEDIA_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' };

describeUnless(runReason(), 'acceptstream run --check', () => {
  let kafka: Shared;
  let topic: string;
  const silent = createServer(() => {});

  beforeAll(async () => {
    silent.listen(0, '127.0.0.1');
    kafka = await sharedKafka();
  }, START_MS);

  afterAll(() => {
    silent.close();
  });

  const silentPort = () => `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const avroOf = (fields: object = {}) =>
    sinkOf(kafka.brokers, topic, { encoding: 'avro', registry: { url: kafka.registry.url }, ...fields });
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> =>
    (await fetch(`${kafka.registry.url}${path}`, { headers: MEDIA_TYPE, ...init })).json();
  const state = async () => ({
    topics: (await administer(kafka.brokers, (admin) => admin.listTopics())).filter((name) => name === topic),
    subjects: ((await ask('/subjects')) as string[]).filter((name) => name.startsWith(topic)),
  });

  /** Lines of stderr but those about the source and about waiting. */
  async function check(sinks: object, source: object = {}) {
    const path = fileOf(`${topic}.yaml`, { source, sinks });
    const start = performance.now();
    const { code, stdout, stderr } = await runProgram(['run', '--check', '--log-level', 'error', path]);
    expect(performance.now() - start).toBeLessThan(SECONDS_MS);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    return { code, lines: lines.filter((line) => !/: source: live|trying again/i.test(line)).sort(), stderr };
  }

  test('says what would happen, and writes nothing', async () => {
    topic = uniqueName('check');
    await createTopic(kafka.brokers, topic);
    const schema = JSON.stringify({ schema: JSON.stringify(SCHEMA) });
    await ask(`/subjects/${topic}-value/versions`, { method: 'POST', body: schema });
    const sinks = { screen: { type: 'stdout' }, siem: avroOf({ key: 'host' }) };
    const { code, lines, stderr } = await check(sinks, { ring_bytes: 4096 });
    expect(lines).toEqual([
      'acceptstream: screen: tcpaccept to stdout',
      expect.stringMatching(
        new RegExp(`^acceptstream: siem: avro to topic ${topic} \\(3 partitions, key host, schema id \\d+\\) at `),
      ),
    ]);
    expect(stderr).toMatch(/^acceptstream: source: live by \S+, ring of 4096 bytes$/m);
    expect(code).toBe(0);
    expect(await countOf(kafka.brokers, topic)).toBe(0);
  });

  test('creates no topic and registers no schema', async () => {
    topic = uniqueName('check');
    const create_topic = { partitions: 5, replication: 1 };
    expect(await check({ siem: avroOf({ create_topic }) })).toMatchObject({
      code: 0,
      lines: [
        `acceptstream: siem: avro to topic ${topic} (would be created with 5 partitions, replication 1, key process, ` +
          `schema would be registered as ${topic}-value) at ${kafka.brokers.join(', ')}`,
      ],
    });
    expect(await state()).toEqual({ topics: [], subjects: [] });
  });

  test('says what the brokers and the registry would refuse, of every sink', async () => {
    topic = uniqueName('check');
    const schema = JSON.stringify({ ...SCHEMA, fields: SCHEMA.fields.slice(1) });
    const subject = `${topic}-value`;
    await ask(`/subjects/${subject}/versions`, { method: 'POST', body: JSON.stringify({ schema }) });
    await ask(`/config/${subject}`, { method: 'PUT', body: JSON.stringify({ compatibility: 'BACKWARD' }) });
    const create_topic = { partitions: 1, replication: 7 };
    const sinks = {
      schema: avroOf({ create_topic: { partitions: 1, replication: 1 } }),
      strict: avroOf({ registry: { url: kafka.registry.url, register: false } }),
      topic: sinkOf(kafka.brokers, topic, { create_topic }),
    };
    const { code, lines } = await check(sinks);
    expect(lines).toEqual([
      expect.stringMatching(/^acceptstream: schema: .* refused the schema: it would break readers of the subject /),
      expect.stringMatching(/^acceptstream: strict: .* has another schema than ours under /),
      'acceptstream: topic: create_topic.replication is more than the cluster has brokers',
    ]);
    expect(code).toBe(1);
    expect(await state()).toEqual({ topics: [], subjects: [subject] });
    expect(await ask(`/subjects/${subject}/versions`)).toEqual([1]);
  });

  test('ends within seconds and names what does not answer', async () => {
    topic = uniqueName('check');
    const registryAt = (address: string) => avroOf({ registry: { url: `http://${address}` } });
    const sinks = {
      absent: sinkOf([NOBODY_THERE], topic),
      broker: registryAt(kafka.brokers[0] ?? ''),
      mute: sinkOf([silentPort()], topic),
      registry: registryAt(NOBODY_THERE),
      silent: registryAt(silentPort()),
    };
    const { code, lines } = await check(sinks);
    expect(lines).toEqual([
      expect.stringMatching(/^acceptstream: absent: cannot reach 127\.0\.0\.1:9 \(connect ECONNREFUSED/),
      expect.stringMatching(
        /^acceptstream: broker: .* closes the connection .*: check registry\.url: a Kafka broker's/,
      ),
      `acceptstream: mute: ${silentPort()} did not answer within 15 s: check that a Kafka broker runs there`,
      expect.stringMatching(/^acceptstream: registry: .*127\.0\.0\.1:9 is away: connect ECONNREFUSED .*Tried for 5 s$/),
      expect.stringMatching(/^acceptstream: silent: .* is away: no whole answer within 5000 ms\. Tried for 5 s$/),
    ]);
    expect(code).toBe(1);
  });
});
