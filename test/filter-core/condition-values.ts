import fc from 'fast-check';
import type { Filter, Ports } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { anyAccept } from './support.js';

// Few values, so that conditions often hold, and their neighbours, so that they often just don't.
const four = fc
  .tuple(fc.constantFrom(0, 9, 10, 127, 192, 255), fc.constantFrom(0, 1, 128, 255), fc.constantFrom(0, 2, 255))
  .map(([first, second, last]) => `${first}.${second}.${second}.${last}`);
const group = fc.constantFrom('0', '1', 'ffff', '2001', 'db8', 'fe80');
const six = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  fc
    .tuple(fc.array(group, { maxLength: 3 }), fc.array(group, { maxLength: 3 }))
    .map((sides) => sides.map((side) => side.join(':')).join('::')),
  four.map((text) => `::ffff:${text}`),
  four.map((text) => `::${text}`),
  fc.constantFrom(
    '::ffff:0:1',
    '::fffe:ffff:ffff',
    '::1:0:0:0',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '0:0:0:0:0:FFFF:0A00:1',
  ),
);
export const address = fc.oneof(
  { weight: 4, arbitrary: four },
  { weight: 4, arbitrary: six },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

const bits = (most: number) =>
  fc.oneof(
    fc.constant(''),
    fc.nat({ max: most }).map((count) => `/${count}`),
  );
const net = fc.oneof(fc.tuple(four, bits(32)), fc.tuple(six, bits(128))).map((parts) => parts.join(''));
export const nets = fc.array(net, { minLength: 1, maxLength: 5 });

const port = fc.constantFrom(0, 1, 22, 80, 443, 8000, 8099, 65535);
const ports = fc.array(
  fc.oneof<fc.Arbitrary<Ports>[]>(
    port,
    fc.tuple(port, port).map(([one, other]): Ports => (one < other ? [one, other] : [other, one])),
  ),
  { minLength: 1, maxLength: 3 },
);

const COMMS = ['sshd', 'a', 'abcdefghijklmno', 'é', 'http-nio-8080-A', 'a\nb'];
const PATHS = ['/', '/a', '/a/b', '/ab', '/a/b/c', '/\u00e9'];
const IDS = ['0123456789abcdef'.repeat(4), `${'01234567'.repeat(7)}76543210`, 'f'.repeat(64)];
const TIMES = [-1, 0, 1, 999_999, 1_000_000, 2 ** 52];

export const accept = fc
  .record({
    remote_address: address,
    local_address: address,
    remote_port: fc.oneof(port, fc.integer()),
    local_port: port,
    uid: fc.constantFrom(0, 33, 2 ** 32 - 1, -1),
    comm: fc.oneof(fc.constantFrom(...COMMS, '', 'abcdefghijklmnop', '\ufffd'), fc.string({ unit: 'binary' })),
    netns: fc.constantFrom(4026531840, 4026531841, -1),
    event_time: fc.constantFrom(...TIMES),
    pid: fc.nat({ max: 3 }),
    cgroup_path: fc.constantFrom(...PATHS, '', '/a/bc', '/b', '\u2026/a/b'),
    container_id: fc.constantFrom(...IDS, '', '0123456701234567'),
    peer_reset: fc.boolean(),
  })
  .chain((fields) => anyAccept.map((any): Accept => ({ ...any, ...fields })));

const some = <T>(...values: readonly T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

export const filter: fc.Arbitrary<Filter> = fc.record(
  {
    pid: fc.nat({ max: 3 }),
    ports,
    family: fc.constantFrom(4 as const, 6 as const),
    remoteNets: nets,
    excludeRemoteNets: nets,
    localNets: nets,
    excludeLocalNets: nets,
    remotePorts: ports,
    uids: some(0, 33, 2 ** 32 - 1),
    comms: some(...COMMS),
    netns: some(4026531840, 4026531841),
    cgroups: some(...PATHS),
    containers: some(...IDS, '01234567', 'ffffffff', '0123456789'),
    loopback: fc.boolean(),
    since: fc.constantFrom(...TIMES),
    until: fc.constantFrom(...TIMES),
  },
  { requiredKeys: [] },
);

/** One or two conditions: more are rarely met. */
export const fewOf = fc
  .tuple(filter, fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 2 }))
  .map(([all, picked]): Filter => {
    const entries = Object.entries(all);
    return Object.fromEntries(entries.filter((_, index) => picked.some((pick) => pick % entries.length === index)));
  });
