// What a process that accepts as fast as it can keeps of its pace while we capture.
import { Agent, burst, usableVariants } from './agent.mjs';

const ROUNDS = 7;
const ACCEPTS = 100_000;

async function captured(variant) {
  const agent = await Agent.start(variant.options);
  const { pid, perSecond } = await burst(ACCEPTS);
  await agent.atRest();
  await agent.stop();
  return { perSecond, lost: ACCEPTS - agent.rowsOf(pid) };
}

async function benchVariant(variant, progress) {
  const without = [];
  const during = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`${variant.name}, round ${round} of ${ROUNDS}`);
    without.push((await burst(ACCEPTS)).perSecond);
    during.push(await captured(variant));
  }
  const kept = during.map(({ perSecond }, round) => (100 * perSecond) / without[round]);
  return [
    { name: `kept, ${variant.name}`, unit: '%', values: kept, atLeast: { must: 90, goal: 95 } },
    { name: `accepts without capture (${variant.name} rounds)`, unit: 'accepts/s', values: without },
    { name: `accepts while capturing, ${variant.name}`, unit: 'accepts/s', values: during.map((one) => one.perSecond) },
    { name: `lost, ${variant.name}`, unit: 'accepts', values: during.map((one) => one.lost) },
  ];
}

export async function benchThroughput(progress) {
  const measures = [];
  await burst(ACCEPTS);
  for (const variant of await usableVariants()) measures.push(...(await benchVariant(variant, progress)));
  return measures;
}
