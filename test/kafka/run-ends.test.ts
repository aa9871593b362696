import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kafka, sharedKafka, startKafka, uniqueName } from '../support/kafka.js';
import { lostSamples, type Program } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { auditOf, fileOf, runReason, sinkOf, untilStderr } from './run-program.js';
import { administer, countOf, createTopic, readAll, readTopic } from './topics.js';
import { during, flow, LARGE_RING, startBurst, startUnder } from './under-load.js';

const TEST_MS = 200_000;
const START_MS = 180_000;
/** A write may hold up the end for 10 s. */
const END_MS = 20_000;
/** More records than the core's input holds, and so a batch. */
const UNDER_WAY = 1_500;

describeUnless(runReason(), 'accepts on their way to a sink that stays away', () => {
  let shared: readonly string[];
  let kafka: Kafka;

  beforeAll(async () => {
    shared = (await sharedKafka()).brokers;
    kafka = await startKafka();
  }, START_MS);

  afterAll(() => kafka?.stop());

  async function topicAt(brokers: readonly string[], name: string): Promise<string> {
    const topic = uniqueName(name);
    await createTopic(brokers, topic);
    return topic;
  }

  test('a topic that is deleted takes its sink out, and stdout goes on', { timeout: TEST_MS }, async () => {
    const topic = await topicAt(shared, 'deleted');
    const burst = await startBurst();
    const sinks = { siem: sinkOf(shared, topic), screen: { type: 'stdout', format: 'json' } };
    const program = await startUnder(burst, { sinks });
    const count = await during(burst, async () => {
      await flow(shared, topic);
      await administer(shared, (admin) => admin.deleteTopics({ topics: [topic] }));
      await untilStderr(program, (text) => text.includes('left out'));
    });
    expect(program.stderr).toContain(`siem is left out: topic ${topic} does not exist (any more): create it\n`);
    await createTopic(shared, topic);
    program.signal('SIGHUP');
    await untilStderr(program, (text) => text.includes('siem lacks'));
    const lacks = Number(/^acceptstream: siem lacks (\d+) records since it was left out$/m.exec(program.stderr)?.[1]);
    expect(lacks).toBeGreaterThan(0);
    expect(lacks).toBeLessThan(count);
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(program.stdout.split('\n')).toHaveLength(count + 1);
  });

  // Both wait for as long as a write may hold them up: one broker that is killed serves the two.
  test('a required sink ends the run, its rest counted; SIGHUP takes one away from its broker', {
    timeout: TEST_MS,
  }, async () => {
    const [needed, moved] = [await topicAt(kafka.brokers, 'needed'), await topicAt(kafka.brokers, 'moved')];
    await createTopic(shared, moved);
    const burst = await startBurst();
    const name = `${moved}.yaml`;
    const required = await startUnder(burst, {
      sinks: { siem: sinkOf(kafka.brokers, needed, { required: true }) },
    });
    const reloaded = await startUnder(burst, { name, sinks: { siem: sinkOf(kafka.brokers, moved) } });
    const count = await during(burst, async () => {
      await flow(kafka.brokers, needed);
      await flow(kafka.brokers, moved);
      await kafka.nodes[0]?.kill();
      for (const program of [required, reloaded]) await untilStderr(program, (text) => text.includes('trying again'));
    });
    const source = { ring_bytes: LARGE_RING };
    fileOf(name, { source, filter: { pid: burst.pid }, sinks: { siem: sinkOf(shared, moved) } });
    await Promise.all([endOf(required), reload(reloaded)]);
    await kafka.nodes[0]?.start();
    await checkRest(required, needed, count);
    const stored = [...(await readTopic(kafka.brokers, moved)), ...(await readAll(shared, moved, 1))];
    expect(auditOf(stored)).toMatchObject({ delivered: count, unexplained: 0 });
    expect(await countOf(shared, moved)).toBeGreaterThan(0);
  });

  async function endOf(program: Program): Promise<void> {
    const start = performance.now();
    expect(await program.stop('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(performance.now() - start).toBeLessThan(END_MS);
    expect(program.stderr).toMatch(/^acceptstream: stopped while waiting: cannot reach [^\n]*$/m);
  }

  async function reload(program: Program): Promise<void> {
    program.signal('SIGHUP');
    await untilStderr(program, (text) => text.includes('yaml reloaded'));
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  }

  // The broker may have the batch under way, which it had no time to acknowledge: possibly lost.
  async function checkRest(program: Program, topic: string, count: number): Promise<void> {
    const delivered = (await readTopic(kafka.brokers, topic)).length;
    const surplus = delivered + lostSamples(program.stderr) - count;
    expect(surplus).toBeGreaterThanOrEqual(0);
    expect(surplus).toBeLessThan(UNDER_WAY);
    expect(delivered).toBeGreaterThan(0);
  }
});
