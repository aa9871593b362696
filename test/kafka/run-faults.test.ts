import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { lostSamples, type Program } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import type { Burst } from '../workload/burst.js';
import { ownBrokers } from './own-brokers.js';
import { auditOf, residentBytes, runReason, sinkOf, untilStderr } from './run-program.js';
import { readAll } from './topics.js';
import { during, flow, RATE, startBurst, startUnder, wentOn } from './under-load.js';

const TEST_MS = 200_000;
const AWAY_MS = 2_000;
/** The controller misses a broker after a second. */
const STOPPED_MS = 3_000;
/** Holds 0.2 s of the accepts. */
const SMALL_RING = 65_536;
const GROWTH = 32 * 1024 * 1024;

describeUnless(runReason(), 'accepts on their way to a broker that fails', () => {
  const own = ownBrokers('run');

  const begin = (burst: Burst, ring?: number): Promise<Program> =>
    startUnder(burst, { ring, sinks: { siem: sinkOf(own.kafka.brokers, own.topic, { required: true }) } });
  const flows = () => flow(own.kafka.brokers, own.topic);

  test('kill -9 and a restart lose, double and reorder nothing', { timeout: TEST_MS }, async () => {
    const burst = await startBurst();
    const program = await begin(burst);
    const count = await during(burst, async () => {
      await flows();
      await own.broker.kill();
      await untilStderr(program, (text) => text.includes('trying again'));
      await own.broker.start();
      await wentOn(program);
      await flows();
    });
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const audit = auditOf(await readAll(own.kafka.brokers, own.topic, count));
    expect(audit).toEqual({ delivered: count, doubled: 0, reordered: 0, unexplained: 0, lost: 0 });
    expect(lostSamples(program.stderr)).toBe(0);
    expect(program.stderr).toMatch(/^acceptstream: siem: .*trying again$/m);
    expect(program.stderr).toMatch(/^acceptstream: siem: went on after \d+\.\d s$/m);
  });

  test('a broker that stands still loses, doubles and reorders nothing', { timeout: TEST_MS }, async () => {
    const burst = await startBurst();
    const program = await begin(burst);
    const count = await during(burst, async () => {
      await flows();
      await own.broker.pause();
      await sleep(STOPPED_MS);
      await own.broker.resume();
      await flows();
    });
    expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
    const audit = auditOf(await readAll(own.kafka.brokers, own.topic, count));
    expect(audit).toEqual({ delivered: count, doubled: 0, reordered: 0, unexplained: 0, lost: 0 });
    expect(lostSamples(program.stderr)).toBe(0);
  });

  test('away for longer than the ring holds: the loss is counted exactly, memory stays', {
    timeout: TEST_MS,
  }, async () => {
    const burst = await startBurst();
    const program = await begin(burst, SMALL_RING);
    const memory: number[] = [];
    const count = await during(burst, async () => {
      await flows();
      await own.broker.kill();
      memory.push(residentBytes(program));
      await sleep(AWAY_MS);
      memory.push(residentBytes(program));
      await own.broker.start();
      await wentOn(program);
      await flows();
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
});
