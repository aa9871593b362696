import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaReason, type Server } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { until } from '../support/until.js';
import { configOf } from './config.js';
import { Delivery, faultsOf, NO_FAULTS } from './delivery.js';
import { ownBrokers } from './own-brokers.js';
import { administer, readAll } from './topics.js';

const TEST_MS = 240_000;
const SOME = 5_000;
const BROKERS = 3;
const AWAY_MS = 3_000;
const IN_SYNC_MS = 60_000;

describeUnless(kafkaReason(), 'records on their way to three brokers, replication 3, min ISR 2', () => {
  const own = ownBrokers('leader', BROKERS, { partitions: 6, replication: 3 });

  async function partitions(): Promise<readonly PartitionMetadata[]> {
    const { topics } = await administer(own.kafka.brokers, (admin) =>
      admin.fetchTopicMetadata({ topics: [own.topic] }),
    );
    return topics[0]?.partitions ?? [];
  }

  const inSync = () =>
    until(
      'the replicas to be in sync again',
      async () => (await partitions()).every(({ isr }) => isr.length === BROKERS),
      IN_SYNC_MS,
    );

  async function leaderOf(partition: number): Promise<Server> {
    const leader = (await partitions()).find(({ partitionId }) => partitionId === partition)?.leader ?? 0;
    return own.kafka.nodes[leader - 1] as Server;
  }

  test('survive kill -9 of each leader in turn', { timeout: TEST_MS }, async () => {
    const delivery = await Delivery.start(configOf({ brokers: own.kafka.brokers, topic: own.topic }));
    await delivery.more(SOME);
    for (let round = 0; round < BROKERS; round++) {
      const leader = await leaderOf(round);
      await leader.kill();
      await delivery.more(SOME);
      await leader.start();
      await inSync();
    }
    const sent = await delivery.finish();
    expect(faultsOf(await readAll(own.kafka.brokers, own.topic, sent), sent)).toEqual(NO_FAULTS);
  });

  test('start with the first broker of the list away', { timeout: TEST_MS }, async () => {
    await own.kafka.nodes[0]?.kill();
    const delivery = await Delivery.start(configOf({ brokers: own.kafka.brokers, topic: own.topic }));
    await delivery.more(SOME);
    await own.kafka.nodes[0]?.start();
    await inSync();
    const sent = await delivery.finish();
    expect(faultsOf(await readAll(own.kafka.brokers, own.topic, sent), sent)).toEqual(NO_FAULTS);
  });

  test('wait while fewer replicas are in sync than must be', { timeout: TEST_MS }, async () => {
    const delivery = await Delivery.start(configOf({ brokers: own.kafka.brokers, topic: own.topic }));
    await delivery.more(SOME);
    const away = own.kafka.nodes.slice(1);
    for (const node of away) await node.pause();
    const before = delivery.sent;
    await sleep(AWAY_MS);
    expect(delivery.sent - before).toBeLessThan(SOME);
    for (const node of away) await node.resume();
    await delivery.more(SOME);
    const sent = await delivery.finish();
    expect(faultsOf(await readAll(own.kafka.brokers, own.topic, sent), sent)).toEqual(NO_FAULTS);
  });
});
