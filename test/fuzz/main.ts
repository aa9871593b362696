import { parseArgs } from 'node:util';
import type { Target } from './target.js';
import { type Run, watch } from './watch.js';
import type { Memory, Outcome } from './worker.js';

const OPTIONS = { seed: { type: 'string' }, count: { type: 'string' } } as const;
const MIB = 2 ** 20;
/** What may be in use more than before, after garbage was collected: what is kept for each input would be far over. */
const HEAP_GROWTH = 24 * MIB;
const RSS_GROWTH = 128 * MIB;
const SEED_MAX = 2 ** 32 - 1;

interface Choice {
  readonly seed: number;
  /** Inputs of each target; without one each has its own. */
  readonly count?: number;
  readonly chosen: readonly Target[];
}

function usage(targets: readonly Target[]): string {
  return `usage: npm run fuzz -- [--seed N] [--count N] [TARGET …]
  --seed N   the same inputs as another run with that seed (default: the time)
  --count N  inputs of each target
  TARGET     only these: ${targets.map(({ name }) => name).join(', ')}
`;
}

function readNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new Error(`--${name} is a number from 0 to ${most}, not ${text}`);
}

function parse(argv: readonly string[], targets: readonly Target[]): Choice {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const unknown = positionals.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) throw new Error(`there is no target ${unknown}`);
  const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const seed = readNumber('seed', values.seed, SEED_MAX) ?? Math.floor(Date.now() / 1000);
  const count = readNumber('count', values.count, 2 ** 31 - 1);
  return { seed, chosen, ...(count !== undefined && { count }) };
}

const CLEAR_LINE = '\r\x1b[K';

function show(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE + text.slice(0, (process.stderr.columns || 80) - 1));
}

const mib = (bytes: number) => (bytes / MIB).toFixed(1);

/** What grew, in words; undefined when nothing did. */
function growth(before: Memory, after: Memory): string | undefined {
  if (after.wasm !== before.wasm) return `the memory of WASM grew from ${before.wasm} to ${after.wasm} bytes`;
  if (after.heap - before.heap > HEAP_GROWTH) return `the heap grew from ${mib(before.heap)} to ${mib(after.heap)} MiB`;
  if (after.rss - before.rss > RSS_GROWTH) return `RSS grew from ${mib(before.rss)} to ${mib(after.rss)} MiB`;
  return undefined;
}

function memoryText({ before, after }: { readonly before: Memory; readonly after: Memory }): string {
  const span = (key: keyof Memory) => `${mib(before[key])} → ${mib(after[key])}`;
  return `MiB of WASM ${span('wasm')}, heap ${span('heap')}, RSS ${span('rss')}`;
}

function report({ target, seed, count }: Run, outcome: Outcome, seconds: number): boolean {
  show('');
  const name = target.name.padEnd(10);
  const again = (inputs: number) => `  again: npm run fuzz -- --seed ${seed} --count ${inputs} ${target.name}\n`;
  if (outcome.kind === 'failed') {
    const { input, problem, shown } = outcome;
    process.stdout.write(`${name} FAILED at input ${input}: ${problem}\n  ${shown}\n${again(input + 1)}`);
    return false;
  }
  const grown = growth(outcome.before, outcome.after);
  const rate = `${count} inputs in ${seconds.toFixed(1)} s`;
  process.stdout.write(`${name} ${grown ? `FAILED: ${grown}` : rate}; ${memoryText(outcome)}\n`);
  if (grown) process.stdout.write(again(count));
  return grown === undefined;
}

async function take(run: Run): Promise<boolean> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const onProgress = (inputs: number) =>
    show(`${run.target.name}: ${inputs} of ${run.count}, ${seconds().toFixed(0)} s`);
  return report(run, await watch({ ...run, onProgress }), seconds());
}

/**
 * Fuzzes the targets that a module (by its URL) exports, as `argv` says. The exit status: 1 when something failed, 2 when
 * argv is wrong.
 */
export async function fuzz(module: string, argv: readonly string[]): Promise<number> {
  const { TARGETS } = (await import(module)) as { TARGETS: readonly Target[] };
  let choice: Choice;
  try {
    choice = parse(argv, TARGETS);
  } catch (error) {
    process.stderr.write(`fuzz: ${(error as Error).message.split('\n')[0]}\n${usage(TARGETS)}`);
    return 2;
  }
  const { seed, chosen } = choice;
  process.stdout.write(`seed ${seed}\n`);
  let inputs = 0;
  let failures = 0;
  for (const target of chosen) {
    const count = choice.count ?? target.inputs;
    const isWell = await take({ targets: module, target, seed, count, onProgress: () => {} });
    inputs += count;
    failures += Number(!isWell);
  }
  const end = failures === 0 ? 'no trap, no hang, no growth' : `${failures} of ${chosen.length} targets FAILED`;
  process.stdout.write(`${inputs} inputs, seed ${seed}: ${end}\n`);
  return failures === 0 ? 0 : 1;
}
