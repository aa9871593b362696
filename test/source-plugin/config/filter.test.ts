import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMM, CONTAINER, type EntryKind, LISTS, NET, RATE_MOST, UID } from '../../../filter-core/conditions.js';
import { type Filter, RATE_KEYS } from '../../../filter-core/index.js';
import schema from '../../../schemas/config.schema.json' with { type: 'json' };
import { describeFilter, filterOf } from '../../../source-plugin/config/filter.js';
import { loadConfigAgain } from '../../../source-plugin/config/load.js';
import { filter as anyFilter } from '../../filter-core/condition-values.js';
import { FOLDER, load, problemsOf } from './config-file.js';

const STDOUT = 'sinks: { s: { type: stdout } }\n';
const PORTS = 'ports are whole numbers from 0 to 65535, or two of them for a range (8000-8099), the lower one first';
const textOf = (lines: readonly string[]) => `${STDOUT}filter:\n${lines.map((line) => `  ${line}\n`).join('')}`;
const filterIn = (...lines: readonly string[]) => load(textOf(lines)).filter;

/** A name of a Filter as a key of a configuration. */
const keyOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const TEXTS = ['remote_nets', 'exclude_remote_nets', 'local_nets', 'exclude_local_nets', 'comms', 'cgroups'];
const EITHER = ['ports', 'remote_ports', 'netns'];
const KEYS = [...TEXTS, ...EITHER, 'containers', 'uids'];

/** An entry of each list that is right. */
const entryOf = (key: string): string | number => {
  if (EITHER.includes(key) || key === 'uids') return 1;
  return { comms: 'a', cgroups: '/', containers: '01234567' }[key] ?? '::1';
};

test('the schema has a key for every condition but times, which a live capture has no use for', () => {
  const keys = Object.keys(LISTS).map(keyOf);
  const others = ['pid', 'family', 'loopback', 'rate_limit', 'cgroup_map', 'mntns_map'];
  expect(Object.keys(schema.properties.filter.properties).sort()).toEqual([...keys, ...others].sort());
  expect(keys.sort()).toEqual(KEYS.toSorted());
  expect(schema.properties.filter.properties.rate_limit.properties.key.enum).toEqual(RATE_KEYS);
});

describe('a wrong type is refused with its line:', () => {
  test.each(KEYS)('%s', (key) => {
    expect(problemsOf(textOf(['pid: 1', `${key}: 80`]))).toEqual([`:4: filter.${key}: must be a list`]);
    expect(problemsOf(textOf([`${key}:`]))).toEqual([`:3: filter.${key}: has no value, must be a list`]);
    expect(problemsOf(textOf([`${key}: []`]))).toEqual([`:3: filter.${key}: must not be empty`]);
    expect(problemsOf(textOf([`${key}: { a: 1 }`]))).toEqual([`:3: filter.${key}: must be a list`]);
  });

  test.each([...TEXTS, 'containers'])('%s of other things than texts', (key) => {
    expect(problemsOf(textOf([`${key}:`, '  - 12345678', '  - true', '  -', '  - [a]']))).toEqual([
      `:4: filter.${key}.0: must be a string: write it in quotes`,
      `:5: filter.${key}.1: must be a string`,
      expect.stringMatching(`^:\\d: filter\\.${key}\\.2: has no value, must be a string$`),
      `:7: filter.${key}.3: must be a string`,
    ]);
  });

  test.each([...EITHER, 'uids'])('%s of other things than numbers', (key) => {
    const what = key === 'uids' ? 'a whole number' : 'a whole number or a string';
    expect(problemsOf(textOf([`${key}:`, '  - 1.5', '  - true', '  - {}']))).toEqual([
      `:4: filter.${key}.0: must be ${what}`,
      `:5: filter.${key}.1: must be ${what}`,
      `:6: filter.${key}.2: must be ${what}`,
    ]);
  });
});

describe('a wrong value is refused with its line:', () => {
  test.each<[string, string, string]>([
    ...['ports', 'remote_ports'].flatMap((key) =>
      ['http', '65536', '-1', '"8099-8000"', '"0-65536"', '"1-2-3"', '"1-"', '"-5"', '""', '" 80"', '1e9'].map(
        (entry): [string, string, string] => {
          const shown = entry === '1e9' ? '1000000000' : entry === 'http' ? '"http"' : entry;
          return [key, entry, `${shown} is no port: ${PORTS}`];
        },
      ),
    ),
    ...TEXTS.slice(0, 4).flatMap((key) =>
      ['10.0.0.0/33', '::/129', '10.0.0.0/8/8', 'localhost', '01.2.3.4', 'fe80::1%lo', '""'].map(
        (entry): [string, string, string] => {
          const shown = entry === '""' ? entry : JSON.stringify(entry);
          return [key, entry, `${shown} is no network: networks are ${NET.are}`];
        },
      ),
    ),
    ['uids', '-1', `-1 is no user id: user ids are ${UID.are}`],
    ['uids', '4294967296', `4294967296 is no user id: user ids are ${UID.are}`],
    ['comms', 'sixteen-bytes-xx', `"sixteen-bytes-xx" is no name: names are ${COMM.are}`],
    ['comms', '""', `"" is no name: names are ${COMM.are}`],
    ['containers', '"1234567"', `"1234567" is no container: containers are ${CONTAINER.are}`],
    ['containers', 'ABCDEF012345', `"ABCDEF012345" is no container: containers are ${CONTAINER.are}`],
    ['netns', '-1', '"-1" is no network namespace: network namespaces are inode numbers or paths of them'],
    ['netns', 'blue', '"blue" is no network namespace: network namespaces are inode numbers or paths of them'],
    [
      'netns',
      '/run/netns/none of ours',
      "cannot find network namespace /run/netns/none of ours: ENOENT: no such file or directory, statfs '/run/netns/none of ours'; ip netns lists names",
    ],
    ['cgroups', 'nginx', `"nginx" is no cgroup: cgroups are ${LISTS.cgroups.are}`],
    ['cgroups', '/a/../b', `"/a/../b" is no cgroup: cgroups are ${LISTS.cgroups.are}`],
  ])('%s: %s', (key, entry, message) => {
    expect(problemsOf(textOf([`${key}:`, `  - ${JSON.stringify(entryOf(key))}`, `  - ${entry}`]))).toEqual([
      `:5: filter.${key}.1: ${message}`,
    ]);
  });

  test.each([
    ['loopback: no', 'loopback: must be true or false'],
    ['rate_limit: 5', 'rate_limit: must be a map of keys'],
    ['rate_limit: { records: 5 }', 'rate_limit: key is missing'],
    ['rate_limit: { key: pid }', 'rate_limit: records is missing'],
    ['rate_limit: { records: 5, key: port }', `rate_limit.key: must be one of ${RATE_KEYS.join(', ')}`],
    ['rate_limit: { records: 0, key: pid }', `rate_limit.records: must be 1 to ${RATE_MOST.records}`],
    ['rate_limit: { records: 1e10, key: pid }', `rate_limit.records: must be 1 to ${RATE_MOST.records}`],
    ['rate_limit: { records: "5", key: pid }', 'rate_limit.records: must be a whole number'],
    [
      'rate_limit: { records: 5, key: pid, interval_ms: 0 }',
      `rate_limit.interval_ms: must be 1 to ${RATE_MOST.intervalMs}`,
    ],
    [
      `rate_limit: { records: 5, key: pid, interval_ms: ${RATE_MOST.intervalMs + 1} }`,
      `rate_limit.interval_ms: must be 1 to ${RATE_MOST.intervalMs}`,
    ],
    [
      'rate_limit: { records: 5, key: pid, interval_s: 5 }',
      'rate_limit.interval_s: unknown key; did you mean interval_ms?',
    ],
    ['remote_net: [::1]', 'remote_net: unknown key; did you mean remote_nets?'],
  ])('%s', (line, problem) => {
    expect(problemsOf(textOf(['pid: 1', line]))).toEqual([`:4: filter.${problem}`]);
  });

  test.each(KEYS)('more %s than the core has room for', (key) => {
    const [, kind] = Object.entries(LISTS).find(([name]) => keyOf(name) === key) ?? [];
    const { most, many } = kind as EntryKind;
    const list = (count: number) => Array.from({ length: count }, () => entryOf(key));
    const problems = (count: number) => problemsOf(`${STDOUT}filter: ${JSON.stringify({ [key]: list(count) })}\n`);
    expect(problems(most ?? 2000)).toEqual([]);
    const tooMany = [`:2: filter.${key}: ${most} ${many} at most, not ${(most ?? 0) + 1}`];
    if (most !== undefined) expect(problems(most + 1)).toEqual(tooMany);
  });
});

describe('a filter', () => {
  /** As a person would write it. */
  function configOf({ rateLimit, ports, remotePorts, ...rest }: Filter): object {
    const range = (entry: number | readonly [number, number]) => (typeof entry === 'number' ? entry : entry.join('-'));
    const lists = Object.entries(rest).map(([name, value]) => [keyOf(name), value]);
    return {
      ...Object.fromEntries(lists),
      ...(ports && { ports: ports.map(range) }),
      ...(remotePorts && { remote_ports: remotePorts.map(range) }),
      ...(rateLimit && {
        rate_limit: { records: rateLimit.records, key: rateLimit.key, interval_ms: rateLimit.intervalMs },
      }),
    };
  }

  const rateLimit = fc.record({
    records: fc.integer({ min: 1, max: RATE_MOST.records }),
    key: fc.constantFrom(...RATE_KEYS),
    intervalMs: fc.integer({ min: 1, max: RATE_MOST.intervalMs }),
  });
  const live = fc.tuple(anyFilter, fc.option(rateLimit, { nil: undefined })).map(
    ([{ since: _since, until: _until, cgroups, ...rest }, limit]): Filter => ({
      ...rest,
      ...(cgroups && { cgroups: ['/'] }),
      ...(limit && { rateLimit: limit }),
    }),
  );

  test('of any conditions is what its configuration says', () => {
    fc.assert(
      fc.property(live, (filter) => {
        const config = load(`${STDOUT}filter: ${JSON.stringify(configOf(filter))}\n`);
        expect(filterOf(config.filter)).toEqual(filter);
      }),
      { numRuns: 300 },
    );
  });

  test('that is empty keeps all', () => {
    expect(filterOf(load(STDOUT).filter)).toEqual({});
    expect(describeFilter(load(STDOUT).filter)).toBe('');
  });

  test('may have what YAML and the environment make of it', () => {
    const lines = ['ports: ["80", "443-444", 0x50]', `remote_ports: ["\${PORT}"]`, 'netns: ["4026531840", 7]'];
    const config = load(textOf([...lines, 'rate_limit: { records: 5, key: comm }']), { PORT: '1024-65535' });
    expect(filterOf(config.filter)).toEqual({
      ports: [80, [443, 444], 80],
      remotePorts: [[1024, 65535]],
      netns: [4026531840, 7],
      rateLimit: { records: 5, key: 'comm', intervalMs: 1000 },
    });
  });

  test('is told in its own words, long lists in short', () => {
    const filter = filterIn(
      'ports: [80, "8000-8099"]',
      'exclude_remote_nets: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, ::1, 127.0.0.0/8]',
      'loopback: false',
      'rate_limit: { records: 100, key: remote_address }',
    );
    expect(describeFilter(filter)).toBe(
      'ports 80, 8000-8099; exclude_remote_nets 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, 2 more; ' +
        'loopback false; at most 100 records of each remote_address in 1000 ms',
    );
  });
});

test('a run that goes on may have places that are gone, and no other problem', () => {
  const again = (...lines: readonly string[]) => {
    problemsOf(textOf(lines));
    return loadConfigAgain(`${FOLDER}/run.yaml`);
  };
  const gone = ['netns: [/run/netns/gone]', 'cgroups: [/gone/long ago]'];
  expect(again(...gone).filter).toEqual({ netns: ['/run/netns/gone'], cgroups: ['/gone/long ago'] });
  expect(() => again(...gone, 'comms: [""]')).toThrow(':5: filter.comms.0: "" is no name');
});
