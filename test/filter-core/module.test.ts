import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { type CoreOptions, loadCore } from '../../filter-core/index.js';
import { instantiateCore } from '../../filter-core/module.js';
import { ACCEPT_FIELDS } from '../../schemas/accept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { encode, zoneAt } from './support.js';

// @types/node declares no WebAssembly.
interface WebAssemblyNamespace {
  Module: { new (bytes: Uint8Array): object; imports(module: object): unknown[] };
}
const { Module } = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace }).WebAssembly;
const bytes = readFileSync(createRequire(import.meta.url).resolve('#dist/filter-core.wasm'));

test('the module imports nothing', () => {
  expect(Module.imports(new Module(bytes))).toEqual([]);
});

test('its buffers lie in its memory, one behind the other, each with room to read or write on', async () => {
  const module = await instantiateCore();
  const { INPUT, INPUT_BYTES, OUTPUT, OUTPUT_BYTES, PORTS, PORTS_BYTES, PLAN, PLAN_FIELDS, STEP_BYTES } = module;
  const areas = [
    { from: INPUT.value, bytes: INPUT_BYTES.value, slack: 16 },
    { from: OUTPUT.value, bytes: OUTPUT_BYTES.value, slack: 16 },
    { from: PORTS.value, bytes: PORTS_BYTES.value, slack: 0 },
    { from: PLAN.value, bytes: PLAN_FIELDS.value * STEP_BYTES.value, slack: 0 },
  ];
  for (const [index, { from, bytes: size, slack }] of areas.entries()) {
    expect(size).toBeGreaterThan(0);
    expect(from + size + slack).toBeLessThanOrEqual(areas[index + 1]?.from ?? module.memory.buffer.byteLength);
  }
  expect(PORTS_BYTES.value * 8).toBe(65536);
  expect(module.NO_SLOT.value).toBe(ACCEPT_FIELDS.length);
});

test("the views have the module's sizes, and no use of the core moves them", async () => {
  const module = await instantiateCore();
  const core = await loadCore({ format: 'tcpaccept' });
  expect(core.input.length).toBe(module.INPUT_BYTES.value);
  expect(core.input.byteOffset).toBe(module.INPUT.value);
  const { buffer } = core.input;
  const datum = encode([acceptOf()]);
  core.input.set(datum);
  for (const portion of core.portions(datum.length)) expect(portion.bytes.byteOffset).toBe(module.OUTPUT.value);
  expect(core.input.buffer).toBe(buffer);
  expect(buffer.byteLength).toBeGreaterThan(0);
});

test('the memory can not grow', async () => {
  const { memory } = await instantiateCore();
  expect(() => (memory as unknown as { grow(pages: number): number }).grow(1)).toThrow(RangeError);
});

describe('options that are refused', () => {
  const CASES: [string, unknown, string][] = [
    ['no format', {}, 'format'],
    ['another format', { format: 'xml' }, 'format'],
    ['json with -t', { format: 'json', timestamp: true }, 'format'],
    ['kafka without its options', { format: 'kafka' }, 'kafka'],
    ['no partition', { format: 'kafka', kafka: { partitions: 0, key: 'none', encoding: 'avro' } }, 'kafka.partitions'],
    ['another key', { format: 'kafka', kafka: { partitions: 1, key: 'pid', encoding: 'avro' } }, 'kafka.key'],
    [
      'a schema id for json',
      { format: 'kafka', kafka: { partitions: 1, key: 'none', encoding: 'json', schemaId: 1 } },
      'kafka.schemaId',
    ],
    ['ecs with -T', { format: 'ecs', time: true, zoneAt }, 'format'],
    ['avro with -t', { format: 'avro', timestamp: true }, 'format'],
    ['avro with -T', { format: 'avro', time: true, zoneAt }, 'format'],
    ['-T without a zone', { format: 'tcpaccept', time: true }, 'zoneAt'],
    ['a negative pid', { format: 'avro', filter: { pid: -1 } }, 'filter.pid'],
    ['a pid that is no number', { format: 'avro', filter: { pid: Number.NaN } }, 'filter.pid'],
    ['a pid that is text', { format: 'avro', filter: { pid: '7' } }, 'filter.pid'],
    ['half a pid', { format: 'avro', filter: { pid: 7.5 } }, 'filter.pid'],
    ['port 65536', { format: 'avro', filter: { ports: [80, 65536] } }, 'filter.ports'],
    ['port -1', { format: 'avro', filter: { ports: [-1] } }, 'filter.ports'],
    ['half a port', { format: 'avro', filter: { ports: [0.5] } }, 'filter.ports'],
    ['family 5', { format: 'avro', filter: { family: 5 } }, 'filter.family'],
  ];

  test.each(CASES)('%s', async (_name, options, operation) => {
    await expect(loadCore(options as CoreOptions)).rejects.toMatchObject({
      name: 'AcceptstreamError',
      code: 'USAGE',
      operation,
    });
  });
});
