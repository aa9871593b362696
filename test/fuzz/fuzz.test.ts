import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { fuzz } from './main.js';
import { Random } from './random.js';
import { TARGETS } from './targets.js';

const PATH = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Of all a machine that does much else. */
const DEADLINE_MS = 180_000;

function run(program: string, ...args: readonly string[]) {
  const loader = new URL('typescript.mjs', import.meta.url).href;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', loader, PATH(program), ...args], {
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  return { status, stdout, stderr };
}

const broken = (...args: readonly string[]) => run('broken.mjs', '--seed', '7', ...args);

// Recordings take files' time.
test.each(TARGETS.map(({ name }) => [name, name === 'containers' ? 2000 : 16_000] as const))(
  'a short run of %s finds nothing',
  { timeout: DEADLINE_MS },
  (name, count) => {
    const { status, stdout } = run('index.mjs', '--seed', '6', '--count', String(count), name);
    expect(stdout).toContain(`\n${count} inputs, seed 6: no trap, no hang, no growth\n`);
    expect(stdout).toMatch(new RegExp(`^${name} +${count} inputs in `, 'm'));
    expect(status).toBe(0);
  },
);

test('a whole run has over ten million inputs', () => {
  expect(TARGETS.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThan(10_000_000);
});

describe('what is broken is found', () => {
  let status: number | null = null;
  let stdout = '';

  beforeAll(() => {
    ({ status, stdout } = broken());
  }, DEADLINE_MS);

  test('an exception, with its input and the command that shows it again', { timeout: DEADLINE_MS }, () => {
    expect(stdout).toMatch(/^well +2000 inputs/m);
    expect(stdout).toMatch(/^traps +FAILED at input 1234: Error: unreachable\n {2}bytes 04d2[0-9a-f]{2}$/m);
    expect(stdout).toContain('  again: npm run fuzz -- --seed 7 --count 1235 traps\n');
    expect(stdout).toContain('10000 inputs, seed 7: 4 of 5 targets FAILED\n');
    expect(status).toBe(1);
    expect(broken('--count', '1235', 'traps').stdout).toContain(/ {2}bytes 04d2.*/.exec(stdout)?.[0]);
    expect(broken('--count', '1234', 'traps').status).toBe(0);
  });

  test('an input that never ends', () => {
    expect(stdout).toMatch(/^hangs +FAILED at input 50: it hangs.*\n {2}bytes 0032[0-9a-f]{2}$/m);
  });

  test('what is kept of each input, and memory of WASM that grows', () => {
    expect(stdout).toMatch(/^grows +FAILED: the heap grew from \S+ to \S+ MiB/m);
    expect(stdout).toMatch(/^pages +FAILED: the memory of WASM grew from 65536 to 131072 bytes/m);
  });
});

test('arguments that are wrong are told, with status 2', async () => {
  const [stdout, stderr] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(() => true),
  );
  const targets = new URL('broken-targets.ts', import.meta.url).href;
  for (const args of [['--count', 'x'], ['--seed', '-1'], ['nothing'], ['--what']]) {
    expect(await fuzz(targets, args)).toBe(2);
    expect(stderr?.mock.lastCall?.[0]).toMatch(/^fuzz: .+\nusage: npm run fuzz /);
  }
  expect(stdout?.mock.calls).toEqual([]);
  vi.restoreAllMocks();
});

test('an input is of its seed, name and number alone', () => {
  const numbers = (seed: number, name: string, index: number) => {
    const random = new Random(seed, name).at(index);
    return [random.next(), random.next(), random.below(10)];
  };
  expect(numbers(1, 'a', 5)).toEqual(numbers(1, 'a', 5));
  const others = [numbers(1, 'a', 5), numbers(2, 'a', 5), numbers(1, 'b', 5), numbers(1, 'a', 6)];
  expect(new Set(others.map(String)).size).toBe(4);
});
