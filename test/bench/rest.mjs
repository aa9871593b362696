// What the agent takes when there is nothing to do, and how much memory when there was a lot.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, burst } from './agent.mjs';

const SETTLE_MS = 2000;
const WINDOWS = 6;
const WINDOW_MS = 5000;
const READINGS = 5;
const FIRST_ACCEPTS = 1_000_000;
const MORE_ACCEPTS = 200_000;

async function windowOf(agent) {
  const before = agent.cpuNs();
  const start = performance.now();
  await sleep(WINDOW_MS);
  return { cpu: agent.cpuNs() - before, elapsed: (performance.now() - start) * 1e6 };
}

/** Percent of a core that the agent takes while nothing is accepted, a value per window. */
export async function restOf(agent, progress) {
  await sleep(SETTLE_MS);
  const windows = [];
  for (let window = 1; window <= WINDOWS; window += 1) {
    progress(`window ${window} of ${WINDOWS}`);
    windows.push(await windowOf(agent));
  }
  return windows.map(({ cpu, elapsed }) => (100 * cpu) / elapsed);
}

// A port that nobody listens on: what the host accepts meanwhile does not wake the agent.
const NOTHING = ['-P', '1'];

export async function benchIdle(progress) {
  const agent = await Agent.start(NOTHING);
  const values = await restOf(agent, progress);
  await agent.stop();
  return [{ name: 'idle', unit: '% of a core', values, atMost: { must: 0.5 } }];
}

const SIZES = ['VmRSS', 'RssAnon', 'RssFile', 'RssShmem'];

async function readSizes(agent, accepts) {
  const { pid } = await burst(accepts);
  await agent.atRest();
  return { sizes: SIZES.map((field) => agent.megabytes(field)), lost: accepts - agent.rowsOf(pid) };
}

export async function benchMemory(progress) {
  const agent = await Agent.start();
  const readings = [];
  for (let reading = 1; reading <= READINGS; reading += 1) {
    progress(`reading ${reading} of ${READINGS}`);
    readings.push(await readSizes(agent, reading === 1 ? FIRST_ACCEPTS : MORE_ACCEPTS));
  }
  await agent.stop();
  const [total, ...parts] = SIZES.map((name, at) => ({
    name,
    unit: 'MB',
    values: readings.map((one) => one.sizes[at]),
  }));
  const lost = readings.map((one) => one.lost);
  return [{ ...total, atMost: { must: 90 } }, ...parts, { name: 'lost', unit: 'accepts', values: lost }];
}
