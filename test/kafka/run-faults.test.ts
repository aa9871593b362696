import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sharedKafka } from '../support/kafka.js';
import { lostSamples, type Program } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { Burst } from '../workload/burst.js';
import { ownBrokers } from './own-brokers.js';
import { auditOf, fileOf, residentBytes, runReason, sinkOf, startRun, untilStderr } from './run-program.js';
import { administer, countOf, createTopic, readAll, readTopic } from './topics.js';

const TEST_MS = 200_000;
const AWAY_MS = 4_000;
const STOPPED_MS = 10_000;
const RATE = 1_000;
const THREADS = 2;
/** Holds RATE × THREADS × 184 bytes for 45 s. */
const LARGE_RING = 16_777_216;
/** Holds 0.2 s of it. */
const SMALL_RING = 65_536;
/** More records than the core's input holds, and so a batch. */
const UNDER_WAY = 1_500;
const GROWTH = 32 * 1024 * 1024;

describeUnless(runReason(), 'accepts on their way to a broker that fails', () => {
  const own = ownBrokers('run');

  const burstOf = (seconds: number) => Burst.start({ count: RATE * seconds, rate: RATE, threads: THREADS });

  async function begin(burst: Burst, ring_bytes: number, more: object = {}): Promise<Program> {
    const program = await startRun({
      source: { ring_bytes },
      filter: { pid: burst.pid },
      sinks: { siem: sinkOf(own.kafka.brokers, own.topic, { required: true }), ...more },
    });
    onTestFinished(() => program.signal('SIGKILL'));
    return program;
  }

  /** Runs `fault` while a burst of so many seconds goes on; resolves with the accepts that were made. */
  async function during(burst: Burst, fault: () => Promise<void>): Promise<number> {
    const running = burst.run();
    await sleep(1_000);
    await fault();
    return (await running).count;
  }

  test('kill -9 and a restart lose, double and reorder nothing', { timeout: TEST_MS }, async () => {
    const burst = await burstOf(12);
    const program = await begin(burst, LARGE_RING);
    const count = await during(burst, async () => {
      await own.broker.kill();
      await sleep(AWAY_MS);
      await own.broker.start();
    });
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const audit = auditOf(await readAll(own.kafka.brokers, own.topic, count));
    expect(audit).toEqual({ delivered: count, doubled: 0, reordered: 0, unexplained: 0, lost: 0 });
    expect(lostSamples(program.stderr)).toBe(0);
    expect(program.stderr).toMatch(/^acceptstream: siem: .*trying again$/m);
    expect(program.stderr).toMatch(/^acceptstream: siem: went on after \d+\.\d s$/m);
  });

  test('a broker that stands still for 10 s loses, doubles and reorders nothing', { timeout: TEST_MS }, async () => {
    const burst = await burstOf(14);
    const program = await begin(burst, LARGE_RING);
    const count = await during(burst, async () => {
      await own.broker.pause();
      await sleep(STOPPED_MS);
      await own.broker.resume();
    });
    expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
    const audit = auditOf(await readAll(own.kafka.brokers, own.topic, count));
    expect(audit).toEqual({ delivered: count, doubled: 0, reordered: 0, unexplained: 0, lost: 0 });
    expect(lostSamples(program.stderr)).toBe(0);
  });

  test('away for longer than the ring holds: the loss is counted exactly, memory stays', {
    timeout: TEST_MS,
  }, async () => {
    const burst = await burstOf(14);
    const program = await begin(burst, SMALL_RING);
    const memory: number[] = [];
    const count = await during(burst, async () => {
      await own.broker.kill();
      memory.push(residentBytes(program));
      await sleep(AWAY_MS);
      memory.push(residentBytes(program));
      await own.broker.start();
    });
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const said = lostSamples(program.stderr);
    const { lost, ...audit } = auditOf(await readAll(own.kafka.brokers, own.topic, count - said));
    expect(audit).toEqual({ delivered: count - said, doubled: 0, reordered: 0, unexplained: 0 });
    expect(said).toBeGreaterThan(RATE);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(said);
    expect((memory[1] ?? 0) - (memory[0] ?? 0)).toBeLessThan(GROWTH);
  });

  test('a topic that is deleted takes its sink out, and stdout goes on', { timeout: TEST_MS }, async () => {
    const burst = await burstOf(15);
    const screen = { screen: { type: 'stdout', format: 'json' } };
    const program = await begin(burst, LARGE_RING, { siem: sinkOf(own.kafka.brokers, own.topic), ...screen });
    const count = await during(burst, async () => {
      await administer(own.kafka.brokers, (admin) => admin.deleteTopics({ topics: [own.topic] }));
      await untilStderr(program, (text) => text.includes('left out'));
    });
    expect(program.stderr).toContain(`siem is left out: topic ${own.topic} does not exist (any more): create it\n`);
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(program.stdout.split('\n')).toHaveLength(count + 1);
  });

  test('a required sink that fails ends the run, and what it did not get is counted', {
    timeout: TEST_MS,
  }, async () => {
    const burst = await burstOf(3);
    const program = await begin(burst, LARGE_RING);
    const count = await during(burst, async () => {
      await own.broker.kill();
      await sleep(100);
    });
    const start = performance.now();
    expect(await program.stop('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(performance.now() - start).toBeLessThan(20_000);
    await own.broker.start();
    const delivered = (await readTopic(own.kafka.brokers, own.topic)).length;
    // The broker may have the batch under way, which it had no time to acknowledge: possibly lost.
    const surplus = delivered + lostSamples(program.stderr) - count;
    expect(surplus).toBeGreaterThanOrEqual(0);
    expect(surplus).toBeLessThan(UNDER_WAY);
    expect(delivered).toBeGreaterThan(0);
    expect(program.stderr).toMatch(/^acceptstream: stopped while waiting: cannot reach [^\n]*$/m);
  });

  test('SIGHUP takes a sink away from a broker that is gone', { timeout: TEST_MS }, async () => {
    const other = (await sharedKafka()).brokers;
    await createTopic(other, own.topic);
    const burst = await burstOf(3);
    const source = { ring_bytes: LARGE_RING };
    const filter = { pid: burst.pid };
    const config = { source, filter, sinks: { siem: sinkOf(own.kafka.brokers, own.topic) } };
    const name = `${own.topic}.yaml`;
    const program = await startRun(config, name);
    onTestFinished(() => program.signal('SIGKILL'));
    const count = await during(burst, () => own.broker.kill());
    fileOf(name, { source, filter, sinks: { siem: sinkOf(other, own.topic) } });
    program.signal('SIGHUP');
    await untilStderr(program, (text) => text.includes('yaml reloaded'));
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await own.broker.start();
    const stored = [...(await readTopic(own.kafka.brokers, own.topic)), ...(await readAll(other, own.topic, 1))];
    expect(auditOf(stored)).toMatchObject({ delivered: count, unexplained: 0 });
    expect(await countOf(other, own.topic)).toBeGreaterThan(0);
  });
});
