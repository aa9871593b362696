import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { LISTS } from '../../filter-core/conditions.js';
import { type CoreOptions, type Filter, loadCore } from '../../filter-core/index.js';
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

test('lists of filters may be as long as their tables', async () => {
  const { NETS_MAX, LIST_MAX, TEXTS_MAX, TEXT_MAX } = await instantiateCore();
  const most = Object.entries(LISTS).map(([name, kind]) => [name, kind.most]);
  const nets = ['remoteNets', 'excludeRemoteNets', 'localNets', 'excludeLocalNets'];
  expect(Object.fromEntries(most)).toEqual({
    ports: undefined,
    remotePorts: undefined,
    ...Object.fromEntries(nets.map((name) => [name, NETS_MAX.value])),
    ...Object.fromEntries(['uids', 'comms', 'netns'].map((name) => [name, LIST_MAX.value])),
    ...Object.fromEntries(['cgroups', 'containers'].map((name) => [name, TEXTS_MAX.value])),
  });
  const path = (bytes: number) => `/${'a'.repeat(bytes - 1)}`;
  expect([TEXT_MAX.value, TEXT_MAX.value + 1].map((bytes) => LISTS.cgroups.fits(path(bytes)))).toEqual([true, false]);
});

test('the memory can not grow', async () => {
  const { memory } = await instantiateCore();
  expect(() => (memory as unknown as { grow(pages: number): number }).grow(1)).toThrow(RangeError);
});

describe('options that are refused', () => {
  const FITTING: Readonly<Record<string, unknown>> = {
    remoteNets: '::/0',
    excludeRemoteNets: '::/0',
    localNets: '::/0',
    excludeLocalNets: '::/0',
    uids: 0,
    comms: 'sshd',
    netns: 1,
    cgroups: '/',
    containers: '01234567',
  };
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
    ['a range that ends before it starts', { format: 'avro', filter: { ports: [[2, 1]] } }, 'filter.ports'],
    ['a range of three', { format: 'avro', filter: { remotePorts: [[1, 2, 3]] } }, 'filter.remotePorts'],
    ['a range of ports that are none', { format: 'avro', filter: { remotePorts: [[1, 65536]] } }, 'filter.remotePorts'],
    ['one network that is no list', { format: 'avro', filter: { remoteNets: '10.0.0.0/8' } }, 'filter.remoteNets'],
    ['too many bits', { format: 'avro', filter: { remoteNets: ['10.0.0.0/33'] } }, 'filter.remoteNets'],
    [
      'a name for a network',
      { format: 'avro', filter: { excludeRemoteNets: ['localhost'] } },
      'filter.excludeRemoteNets',
    ],
    ['an address with a zone', { format: 'avro', filter: { localNets: ['fe80::1%eth0'] } }, 'filter.localNets'],
    ['no text', { format: 'avro', filter: { excludeLocalNets: [10] } }, 'filter.excludeLocalNets'],
    ['a list without a value', { format: 'avro', filter: { uids: [undefined] } }, 'filter.uids'],
    ['user -1', { format: 'avro', filter: { uids: [-1] } }, 'filter.uids'],
    ['user 2^32', { format: 'avro', filter: { uids: [2 ** 32] } }, 'filter.uids'],
    ['a name of 16 bytes', { format: 'avro', filter: { comms: ['sixteen-bytes-16'] } }, 'filter.comms'],
    ['no name', { format: 'avro', filter: { comms: [''] } }, 'filter.comms'],
    ['what stands for bytes that are no UTF-8', { format: 'avro', filter: { comms: ['a\ufffd'] } }, 'filter.comms'],
    ['half a surrogate', { format: 'avro', filter: { comms: ['\ud800'] } }, 'filter.comms'],
    ['a path for an inode number', { format: 'avro', filter: { netns: ['/run/netns/blue'] } }, 'filter.netns'],
    ['a path from nowhere', { format: 'avro', filter: { cgroups: ['system.slice'] } }, 'filter.cgroups'],
    ['a slash at the end', { format: 'avro', filter: { cgroups: ['/system.slice/'] } }, 'filter.cgroups'],
    ['a path that leads up', { format: 'avro', filter: { cgroups: ['/a/..'] } }, 'filter.cgroups'],
    ['seven digits', { format: 'avro', filter: { containers: ['0123456'] } }, 'filter.containers'],
    ['65 digits', { format: 'avro', filter: { containers: ['0'.repeat(65)] } }, 'filter.containers'],
    ['capital letters', { format: 'avro', filter: { containers: ['ABCDEF01'] } }, 'filter.containers'],
    ['loopback in words', { format: 'avro', filter: { loopback: 'no' } }, 'filter.loopback'],
    ['half a microsecond', { format: 'avro', filter: { since: 0.5 } }, 'filter.since'],
    ['no time', { format: 'avro', filter: { until: Number.NaN } }, 'filter.until'],
    ['a limit of nothing', { format: 'avro', filter: { rateLimit: null } }, 'filter.rateLimit'],
    ['0 records', { format: 'avro', filter: { rateLimit: { records: 0, key: 'pid' } } }, 'filter.rateLimit'],
    [
      'too many records',
      { format: 'avro', filter: { rateLimit: { records: 1_000_000_001, key: 'pid' } } },
      'filter.rateLimit',
    ],
    ['a key that is none', { format: 'avro', filter: { rateLimit: { records: 1, key: 'uid' } } }, 'filter.rateLimit'],
    [
      'no interval',
      { format: 'avro', filter: { rateLimit: { records: 1, key: 'pid', intervalMs: 0 } } },
      'filter.rateLimit',
    ],
    [
      'more than a day',
      { format: 'avro', filter: { rateLimit: { records: 1, key: 'pid', intervalMs: 86_400_001 } } },
      'filter.rateLimit',
    ],
    ...Object.entries(LISTS)
      .filter(([, { most }]) => most !== undefined)
      .map(([name, { most = 0 }]): [string, unknown, string] => [
        `${name}: one more than there is room for`,
        { format: 'avro', filter: { [name]: Array.from({ length: most + 1 }, () => FITTING[name]) } },
        `filter.${name}`,
      ]),
  ];

  test.each(CASES)('%s', async (_name, options, operation) => {
    await expect(loadCore(options as CoreOptions)).rejects.toMatchObject({
      name: 'AcceptstreamError',
      code: 'USAGE',
      operation,
    });
  });
});

test('a filter may have as much as there is room for', async () => {
  const full = <T>(entry: T, most = 1): T[] => Array.from({ length: most }, () => entry);
  const filter: Filter = {
    remoteNets: full('::/0', LISTS.remoteNets.most),
    uids: full(0, LISTS.uids.most),
    cgroups: full('/', LISTS.cgroups.most),
    ports: [[0, 65535]],
    rateLimit: { records: 1_000_000_000, key: 'pid', intervalMs: 86_400_000 },
  };
  await expect(loadCore({ format: 'avro', filter })).resolves.toBeDefined();
});
