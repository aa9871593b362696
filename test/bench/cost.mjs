// CPU time that an accept costs at a fixed rate: the agent's, and that of its kernel programs.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, burst, usableVariants } from './agent.mjs';
import { JsonProgram } from './scratch.mjs';

const ROUNDS = 5;
const RATE = 10_000;
const ROUND_SECONDS = 3;
const BACKGROUND_MS = 1500;

/** Run time of the agent's own programs: other captures on this host have programs of the same names. */
async function runTime({ kernel, others }) {
  const { programs } = await kernel.ask();
  return programs.filter(({ id }) => !others.has(id)).reduce((sum, { run_ns }) => sum + run_ns, 0);
}

/** Nanoseconds that the programs ran while `work` was done, the milliseconds it took, and its outcome. */
async function timed(programs, work) {
  const before = await runTime(programs);
  const start = performance.now();
  const outcome = await work();
  const elapsed = performance.now() - start;
  return { ran: (await runTime(programs)) - before, elapsed, outcome };
}

async function measureRound({ agent, rows, rate }, programs) {
  const accepts = rate * ROUND_SECONDS;
  const host = await timed(programs, () => sleep(BACKGROUND_MS));
  const cpu = agent.cpuNs();
  const { ran, elapsed, outcome } = await timed(programs, async () => {
    const generated = await burst(accepts, rate);
    await rows.atRest();
    return generated;
  });
  const micros = (nanos) => nanos / accepts / 1000;
  return {
    pid: outcome.pid,
    agent: micros(agent.cpuNs() - cpu),
    programs: micros(ran - (host.ran * elapsed) / host.elapsed),
    lost: accepts - rows.rowsOf(outcome.pid),
    perSecond: outcome.perSecond,
  };
}

/**
 * What an accept costs at `rate`, a value per round. `start` starts an agent and resolves with it, and with what knows
 * when its rows are `atRest` and how many are `rowsOf` a process.
 */
export async function costRounds(start, rate, progress) {
  const kernel = new JsonProgram('bench/bpfstat.c', ['timed']);
  const others = new Set((await kernel.ask()).programs.map(({ id }) => id));
  const capture = { ...(await start()), rate };
  await burst(rate, rate);
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}`);
    rounds.push(await measureRound(capture, { kernel, others }));
  }
  await kernel.end();
  return { ...capture, rounds };
}

async function measureRounds(variant, progress) {
  const start = async () => {
    const agent = await Agent.start(variant.options);
    return { agent, rows: agent };
  };
  const { agent, rounds } = await costRounds(start, RATE, (step) => progress(`${variant.name}, ${step}`));
  await agent.stop();
  return rounds;
}

async function benchVariant(variant, progress) {
  const rounds = await measureRounds(variant, progress);
  const unit = 'µs per accept';
  const { name } = variant;
  const together = rounds.map((one) => one.agent + one.programs);
  return [
    { name: `agent and programs, ${name}`, unit, values: together, atMost: { must: 5 } },
    { name: `agent, ${name}`, unit, values: rounds.map((one) => one.agent) },
    { name: `programs, ${name}`, unit, values: rounds.map((one) => one.programs) },
    { name: `lost, ${name}`, unit: 'accepts', values: rounds.map((one) => one.lost), atMost: { must: 0 } },
    { name: `pace, ${name}`, unit: 'accepts/s', values: rounds.map((one) => one.perSecond) },
  ];
}

export async function benchCost(progress) {
  const measures = [];
  for (const variant of await usableVariants()) measures.push(...(await benchVariant(variant, progress)));
  return measures;
}
