// What the hook adds to a system call that is no accept: getppid, the cheapest there is.
import { Agent, usableVariants } from './agent.mjs';
import { answer } from './scratch.mjs';

const ROUNDS = 9;
const CALLS = 3_000_000;

const nanosPerCall = () => answer('bench/syscalls.c', [String(CALLS)]).ns;

async function whileCapturing(variant) {
  const agent = await Agent.start(variant.options);
  const nanos = nanosPerCall();
  await agent.stop();
  return nanos;
}

export async function benchTax(progress) {
  const variants = await usableVariants();
  const without = [];
  const during = variants.map(() => []);
  nanosPerCall();
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}`);
    without.push(nanosPerCall());
    for (const [at, variant] of variants.entries()) during[at].push(await whileCapturing(variant));
  }
  const unit = 'ns per call';
  const added = variants.map(({ name }, at) => ({
    name: `added by ${name}`,
    unit,
    values: during[at].map((nanos, round) => nanos - without[round]),
  }));
  return [{ name: 'getppid without capture', unit, values: without }, ...added];
}
