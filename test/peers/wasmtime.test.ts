import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fluentBitFilter } from '../../filter-core/fluent-bit.js';
import { type Filter, loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { accept, fewOf } from '../filter-core/condition-values.js';
import { FluentBitHost } from '../filter-core/fluent-bit-host.js';
import { drain, encode } from '../filter-core/support.js';
import { describeUnless } from '../support/reasons.js';
import { ODD_LINES } from './odd-lines.js';
import { Place } from './peer.js';
import { wasmtimePeer } from './wasmtime.mjs';

// Fluent Bit's own engine has no package. This one is another than Node's, and takes no instruction that Fluent Bit's has not.
const { folder, reason } = await wasmtimePeer();
const HOST = fileURLToPath(new URL('wasmtime-host.py', import.meta.url));
const SHIPPED = createRequire(import.meta.url).resolve('#dist/acceptstream-filter.wasm');

function run(module: string, records: readonly string[]) {
  const input = records.map((record) => `${record}\n`).join('');
  const env = { ...process.env, PYTHONPATH: folder };
  const { status, stdout, stderr } = spawnSync('python3', [HOST, module], {
    input,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { status, stderr, answers: stdout.split('\n').slice(0, -1) };
}

function answersOf(module: string, records: readonly string[]): string[] {
  const { status, stderr, answers } = run(module, records);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^\d+ bytes\n$/) });
  return answers;
}

async function moduleOf(filter: Filter): Promise<string> {
  const path = join(new Place().folder, 'filter.wasm');
  writeFileSync(path, await fluentBitFilter(filter));
  return path;
}

async function linesOf(records: readonly Accept[], filter: Filter): Promise<string[]> {
  const { text } = drain(await loadCore({ format: 'json', filter }), encode(records));
  return Buffer.from(text, 'latin1').toString().split('\n').slice(0, -1);
}

const sample = <T>(values: fc.Arbitrary<T>, count: number) => fc.sample(values, { numRuns: count, seed: 7 });

describeUnless(reason, 'Wasmtime, by the ABI of filter_wasm', () => {
  test('refuses a module with SIMD', () => {
    const { status, stderr } = run(createRequire(import.meta.url).resolve('#dist/filter-core.wasm'), []);
    expect(status).toBe(1);
    expect(stderr).toContain('SIMD');
  });

  test('gives odd records, those without ids and hostile ones the answers of Node.js', async () => {
    const host = new FluentBitHost(await fluentBitFilter());
    const without = ODD_LINES.map((line) => line.replace(/"1:[^"]*"/, '""'));
    const hostile = [`${'['.repeat(100_000)}`, `{"a":${'{"a":'.repeat(40_000)}`, '', '{}', '{"a":"\\ud800"}'];
    const records = [...ODD_LINES, ...without, ...hostile];
    const answers = answersOf(SHIPPED, records);
    expect(answers).toEqual(records.map((record) => host.filter(record).text));
    expect(answers.slice(0, ODD_LINES.length).filter((answer, at) => answer !== ODD_LINES[at]).length).toBeLessThan(2);
    expect(answers.at(ODD_LINES.length)).toBe(ODD_LINES[0]?.replace(/"1:[^"]*"/, '"1:g7Z0oxn5wZTjz2Ye+MXEv3qfXxA="'));
  });

  test('keeps what the core keeps', async () => {
    const records = sample(accept, 300).map((record) => ({ ...record, community_id: '1:x' }));
    const lines = await linesOf(records, {});
    let kept = 0;
    for (const filter of sample(fewOf, 8)) {
      const answers = answersOf(await moduleOf(filter), lines).filter((answer) => answer !== '');
      expect(answers).toEqual(await linesOf(records, filter));
      kept += answers.length;
    }
    expect(kept).toBeGreaterThan(100);
    expect(kept).toBeLessThan(8 * records.length - 100);
  });

  test('needs the same memory for 100 records and for 10 000', () => {
    const bytesAfter = (count: number) =>
      run(
        SHIPPED,
        Array.from({ length: count }, () => ODD_LINES[0] ?? ''),
      ).stderr;
    expect(bytesAfter(10_000)).toBe(bytesAfter(100));
  });
});
