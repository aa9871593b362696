import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Kafka, kafkaReason, type Server, startKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { configOf } from './config.js';
import { Delivery, faultsOf, NO_FAULTS } from './delivery.js';
import { administer, createTopic, readTopic } from './topics.js';

const START_MS = 120_000;
const TEST_MS = 90_000;
const SOME = 5_000;
const AWAY_MS = 5_000;
const STOPPED_MS = 10_000;

describeUnless(kafkaReason(), 'records on their way into a topic', () => {
  let kafka: Kafka;
  let broker: Server;
  let topic: string;

  beforeAll(async () => {
    kafka = await startKafka();
    broker = kafka.nodes[0] as Server;
  }, START_MS);

  beforeEach(async () => {
    topic = uniqueName('faults');
    await createTopic(kafka.brokers, topic);
  });

  afterAll(() => kafka?.stop());

  const begin = () => Delivery.start(configOf({ brokers: kafka.brokers, topic }));

  async function checkAll(delivery: Delivery): Promise<void> {
    const sent = await delivery.finish();
    expect(faultsOf(await readTopic(kafka.brokers, topic), sent)).toEqual(NO_FAULTS);
  }

  test('survive kill -9 and restart of the broker', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await broker.kill();
    await sleep(AWAY_MS);
    await broker.start();
    await delivery.more(SOME);
    await checkAll(delivery);
    expect(delivery.notices[0]).toMatch(/: trying again$/);
    expect(delivery.notices.at(-1)).toMatch(/^went on after \d+\.\d s$/);
    expect(delivery.notices.length).toBeLessThan(10);
  });

  test('survive a broker that stands still', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await broker.pause();
    await sleep(STOPPED_MS);
    await broker.resume();
    await delivery.more(SOME);
    await checkAll(delivery);
  });

  test('survive a topic that is deleted and made anew', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(kafka.brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
    await delivery.notice(/does not exist .*: trying again$/);
    const before = delivery.sent;
    await createTopic(kafka.brokers, topic);
    await delivery.more(SOME);
    const sent = await delivery.finish();
    const stored = await readTopic(kafka.brokers, topic);
    expect(faultsOf(stored, sent)).toEqual({ ...NO_FAULTS, lost: before });
  });

  test('are refused when the topic stays away', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(kafka.brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
    await expect(delivery.ended()).rejects.toMatchObject({
      code: 'SINK',
      message: `topic ${topic} does not exist (any more): create it`,
    });
    expect(delivery.notices[0]).toContain('trying again');
    await expect(delivery.finish()).rejects.toThrow();
  });

  test('are refused when the topic comes back with fewer partitions', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(kafka.brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
    await createTopic(kafka.brokers, topic, { partitions: 1 });
    await expect(delivery.ended()).rejects.toThrow(`the topic has only 1 partitions now`);
    await expect(delivery.finish()).rejects.toThrow();
  });

  test('wait for a broker that is away, until the sink is closed', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await broker.kill();
    await delivery.notice(/: trying again$/);
    const start = performance.now();
    await expect(delivery.abort()).rejects.toThrow('stopped while waiting: cannot reach');
    expect(performance.now() - start).toBeLessThan(5_000);
    await broker.start();
  });

  test('go on with a broker that was restored from a copy', { timeout: TEST_MS }, async () => {
    const copy = mkdtempSync(join(tmpdir(), 'acceptstream-copy-'));
    const data = join(kafka.certificates, 'data-1');
    const delivery = await begin();
    await delivery.more(SOME);
    await broker.kill();
    cpSync(data, copy, { recursive: true });
    await broker.start();
    await delivery.more(SOME);
    await broker.kill();
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
    rmSync(copy, { recursive: true });
    const before = delivery.sent;
    await broker.start();
    await delivery.more(SOME);
    const sent = await delivery.finish();
    const stored = (await readTopic(kafka.brokers, topic)).filter(({ value }) => Number(value) >= before);
    expect(delivery.notices.join('\n')).toContain('the broker lost track of this producer (OUT_OF_ORDER_SEQUENCE');
    expect({ ...faultsOf(stored, sent), doubled: 0 }).toEqual({ ...NO_FAULTS, lost: before });
  });
});
