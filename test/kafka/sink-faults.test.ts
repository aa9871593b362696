import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkaReason } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { configOf } from './config.js';
import { Delivery, faultsOf, NO_FAULTS } from './delivery.js';
import { ownBrokers } from './own-brokers.js';
import { administer, createTopic, readTopic } from './topics.js';

const TEST_MS = 180_000;
const SOME = 5_000;
/** Several attempts. */
const AWAY_MS = 2_000;
/** The controller misses a broker after a second. */
const STOPPED_MS = 3_000;

describeUnless(kafkaReason(), 'records on their way into a topic', () => {
  const own = ownBrokers('faults');

  const begin = () => Delivery.start(configOf({ brokers: own.kafka.brokers, topic: own.topic }));

  async function checkAll(delivery: Delivery): Promise<void> {
    const sent = await delivery.finish();
    expect(faultsOf(await readTopic(own.kafka.brokers, own.topic), sent)).toEqual(NO_FAULTS);
  }

  test('survive kill -9 and restart of the broker', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await own.broker.kill();
    await sleep(AWAY_MS);
    await own.broker.start();
    await delivery.more(SOME);
    await checkAll(delivery);
    expect(delivery.notices[0]).toMatch(/: trying again$/);
    expect(delivery.notices.at(-1)).toMatch(/^went on after \d+\.\d s$/);
    expect(delivery.notices.length).toBeLessThan(10);
  });

  test('survive a broker that stands still', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await own.broker.pause();
    await sleep(STOPPED_MS);
    await own.broker.resume();
    await delivery.more(SOME);
    await checkAll(delivery);
  });

  test('survive a topic that is deleted and made anew', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(own.kafka.brokers, (admin) => admin.deleteTopics({ topics: [own.topic] }));
    await delivery.notice(/does not exist .*: trying again$/);
    const before = delivery.sent;
    await createTopic(own.kafka.brokers, own.topic);
    await delivery.more(SOME);
    const sent = await delivery.finish();
    const stored = await readTopic(own.kafka.brokers, own.topic);
    expect(faultsOf(stored, sent)).toEqual({ ...NO_FAULTS, lost: before });
  });

  test('are refused when the topic stays away', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(own.kafka.brokers, (admin) => admin.deleteTopics({ topics: [own.topic] }));
    await expect(delivery.ended()).rejects.toMatchObject({
      code: 'SINK',
      message: `topic ${own.topic} does not exist (any more): create it`,
    });
    expect(delivery.notices[0]).toContain('trying again');
    await expect(delivery.finish()).rejects.toThrow();
  });

  test('are refused when the topic comes back with fewer partitions', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await administer(own.kafka.brokers, (admin) => admin.deleteTopics({ topics: [own.topic] }));
    await createTopic(own.kafka.brokers, own.topic, { partitions: 1 });
    await expect(delivery.ended()).rejects.toThrow(`the topic has only 1 partitions now`);
    await expect(delivery.finish()).rejects.toThrow();
  });

  test('wait for a broker that is away, until the sink is closed', { timeout: TEST_MS }, async () => {
    const delivery = await begin();
    await delivery.more(SOME);
    await own.broker.kill();
    await delivery.notice(/: trying again$/);
    const start = performance.now();
    await expect(delivery.abort()).rejects.toThrow('stopped while waiting: cannot reach');
    expect(performance.now() - start).toBeLessThan(5_000);
    await own.broker.start();
  });

  test('go on with a broker that was restored from a copy', { timeout: TEST_MS }, async () => {
    const copy = mkdtempSync(join(tmpdir(), 'acceptstream-copy-'));
    const data = join(own.kafka.certificates, 'data-1');
    const delivery = await begin();
    await delivery.more(SOME);
    await own.broker.kill();
    cpSync(data, copy, { recursive: true });
    await own.broker.start();
    await delivery.more(SOME);
    await own.broker.kill();
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
    rmSync(copy, { recursive: true });
    const before = delivery.sent;
    await own.broker.start();
    await delivery.more(SOME);
    const sent = await delivery.finish();
    const stored = (await readTopic(own.kafka.brokers, own.topic)).filter(({ value }) => Number(value) >= before);
    expect(delivery.notices.join('\n')).toContain('the broker lost track of this producer (OUT_OF_ORDER_SEQUENCE');
    expect({ ...faultsOf(stored, sent), doubled: 0 }).toEqual({ ...NO_FAULTS, lost: before });
  });
});
