import { isIPv4 } from 'node:net';
import type { Accept } from '../../source-plugin/index.js';
import { partitionOf } from '../reference/murmur2.js';
import { acceptOf } from '../source-plugin/memory-source.js';

export const PARTITIONS = 3;

/** Begin of a window of 10 s an hour ago, in seconds since the epoch: Kafka drops records that are older than a week. */
const START = Math.floor(Date.now() / 10_000) * 10 - 3600;
/** Behind all that is asked about. */
const END = 700;
/** When a window of the first 10 s, and what may be joined with its accepts within 5 s, is over for the watermark. */
const CLOCK = 30;
export const OVER_MS = (START + 20) * 1000;

export const micros = (second: number): number => Math.round((START + second) * 1e6);

/** A host whose records are in that partition, by its name as their key. */
function hostIn(partition: number): string {
  const names = Array.from({ length: 100 }, (_, index) => `host-${index}`);
  return names.find((name) => partitionOf(Buffer.from(name), PARTITIONS) === partition) ?? '';
}

const [WEB, DB, QUIET] = [0, 1, 2].map(hostIn) as [string, string, string];
export const HOSTS = [WEB, DB, QUIET];

/** In the same partition as its host's other records; a remote port of its own unless given. */
let ports = 10_000;
function accept(second: number, fields: Partial<Accept> = {}): Accept {
  ports++;
  return acceptOf({ host: WEB, event_time: micros(second), remote_port: ports, sequence: ports, ...fields });
}

export interface Line {
  readonly partition: number;
  readonly value: object;
}

/** A request on the connection of an accept, logged so many seconds later. */
function requestOf(one: Accept, uri: string, after: number, fields: object = {}): Line {
  const value = {
    msec: Math.round(one.event_time / 1000 + after * 1000) / 1000,
    remote_addr: one.remote_address,
    remote_port: one.remote_port,
    server_addr: one.local_address,
    server_port: one.local_port,
    request_method: 'GET',
    request_uri: uri,
    status: 200,
    request_time: 0.004,
    ...fields,
  };
  return { partition: one.host === WEB ? 0 : 1, value };
}

/** As Suricata writes times, in a zone so many hours east. */
function eveTime(second: number, hours = 0): string {
  const local = new Date((START + second + hours * 3600) * 1000).toISOString();
  return local.replace('Z', `456+0${hours}00`);
}

function flowOf(second: number, id: string | undefined, fields: { hours?: number; type?: string } = {}): Line {
  const value = {
    timestamp: eveTime(second, fields.hours),
    event_type: fields.type ?? 'flow',
    src_ip: '2001:0db8:0000:0000:0000:0000:0000:0001',
    src_port: 1,
    dest_ip: '2001:0db8:0000:0000:0000:0000:0000:0002',
    dest_port: 2,
    proto: 'TCP',
    app_proto: 'http',
    flow: { pkts_toserver: 5, bytes_toserver: 1000, bytes_toclient: 2000, start: eveTime(0), state: 'closed' },
    ...(id !== undefined && { community_id: id }),
  };
  return { partition: 0, value };
}

const V6 = { ip_version: 6, remote_address: '2001:db8::7', local_address: '2001:db8::1' };
const MAPPED = { ip_version: 6, remote_address: '::ffff:192.0.2.8', local_address: '::ffff:192.0.2.1' };
const plain = accept(1);
const [mapped, onDb, v6, edge, tooLate, early] = [
  accept(1, MAPPED),
  accept(1, { host: DB }),
  accept(1, V6),
  accept(1),
  accept(1),
  accept(4),
];
const [otherPort, otherAddress, twice, kept, logless, lateLog] = [
  accept(1),
  accept(1),
  accept(1),
  accept(1),
  accept(1),
  accept(2),
];
/** The same four ends again. */
const again = accept(12, { remote_port: plain.remote_port });

const joined: [Line, Accept][] = [
  [requestOf(plain, '/plain', 0.2), plain],
  [requestOf(mapped, '/mapped', 0.2, { remote_addr: '192.0.2.8', server_addr: '192.0.2.1' }), mapped],
  [requestOf(onDb, '/other-partition', 0.001), onDb],
  [requestOf(v6, '/v6', 0.2), v6],
  [requestOf(edge, '/edge', 5), edge],
  [requestOf(early, '/before-the-accept', -3), early],
  [requestOf(twice, '/twice', 0.1), twice],
  [requestOf(twice, '/twice', 0.1), twice],
  [requestOf(kept, '/kept/1', 0.1), kept],
  [requestOf(kept, '/kept/2', 4), kept],
];
const unjoined = [
  requestOf(tooLate, '/too-late', 5.001),
  requestOf(otherPort, '/other-port', 0.1, { server_port: 443 }),
  requestOf(otherAddress, '/other-address', 0.1, { server_addr: '192.0.2.2' }),
  requestOf(accept(1), '/no-accept', 0.1),
];
const reused = requestOf(again, '/reused', 0.1);

const flowAccept = (id: string, fields: Partial<Accept> = {}): Accept => accept(1, { community_id: id, ...fields });
const FLOWS = { minute: '1:minute', zone: '1:zone', sensors: '1:sensors', last: '1:last', after: '1:after' };

/** Random IPv6 peers, written as short as may be, and the networks of all. */
const groups = Array.from({ length: 200 }, (_, index) =>
  // Every pattern of zeros comes; a first group that is none keeps it apart from ::ffff:0:0/96.
  Array.from({ length: 8 }, (__, at) =>
    ((index * 37 + 11) >> at) & 1 && at > 0 ? 0 : (index * 7919 + at * 104729) % 65535 || 1,
  ),
);
const shortest = (numbers: readonly number[]): string =>
  new URL(`http://[${numbers.map((one) => one.toString(16)).join(':')}]/`).hostname.slice(1, -1);

const networkAccepts = groups.map((numbers) => accept(5, { ...V6, host: DB, remote_address: shortest(numbers) }));

/** The peer's connections to so many ports, from `first` on. */
const reach = (peer: string, second: number, first: number, count: number, fields: Partial<Accept> = {}): Accept[] =>
  Array.from({ length: count }, (_, index) =>
    accept(second, { remote_address: peer, local_port: first + index, ...fields }),
  );

const SCAN = { ten: '198.51.100.1', nine: '198.51.100.2', hosts: '198.51.100.3', slow: '198.51.100.4' };
const scans = [
  ...reach(SCAN.ten, 3, 7000, 10),
  ...reach(SCAN.ten, 3, 7000, 2),
  ...reach(SCAN.nine, 3, 7000, 9),
  ...reach(SCAN.nine, 4, 7000, 9),
  ...reach(SCAN.hosts, 3, 7000, 5),
  ...reach(SCAN.hosts, 3, 7000, 5, { host: DB }),
  ...reach(SCAN.slow, 9.999, 7000, 6),
];
/** The rest of the slow one is in the next window. */
const slowRest = reach(SCAN.slow, 10, 7006, 4);

const queue = (local_port: number, fields: Partial<Accept>): Accept => accept(6, { local_port, ...fields });
const queues = [
  queue(8081, { backlog: 80, backlog_max: 100 }),
  queue(8081, { backlog: 2, backlog_max: 100, queued_us: 70 }),
  queue(8082, { backlog: 79, backlog_max: 100, queued_us: 99_999 }),
  queue(8083, { backlog: -1, backlog_max: -1, queued_us: 100_000 }),
  queue(8084, { backlog: -1, backlog_max: -1, queued_us: -1 }),
  queue(8085, { backlog: 129, backlog_max: 128 }),
  queue(8086, { host: DB, queued_us: 100_000 }),
];

/**
 * First what is in time, without anything that ends a window; then what ends those of the first 10 s; then what is late, or
 * joins over minutes; then ends for all partitions, so that none has come to its end before.
 */
export const STEPS: readonly {
  readonly accepts: readonly Accept[];
  readonly requests: readonly Line[];
  readonly flows: readonly Line[];
}[] = [
  {
    accepts: [
      ...[plain, mapped, onDb, v6, edge, tooLate, early, otherPort, otherAddress, twice, kept, logless, lateLog],
      ...Object.values(FLOWS).map((id) => flowAccept(id)),
      flowAccept(''),
      ...networkAccepts,
      ...scans,
      ...queues,
    ],
    requests: [...joined.map(([line]) => line), ...unjoined],
    flows: [
      flowOf(2, FLOWS.minute, { type: 'http' }),
      flowOf(3, undefined),
      flowOf(3, '1:without-accept'),
      flowOf(3, FLOWS.sensors),
      flowOf(3, FLOWS.sensors),
      flowOf(4, FLOWS.zone, { hours: 2 }),
    ],
  },
  {
    accepts: [...slowRest, again, accept(CLOCK)],
    requests: [reused, requestOf(accept(CLOCK), '/clock', 0)],
    flows: [flowOf(CLOCK, '1:clock')],
  },
  {
    accepts: [...reach(SCAN.nine, 3, 7009, 1), accept(6, { local_port: 8082, backlog: 100, backlog_max: 100 })],
    requests: [requestOf(lateLog, '/late', 0.1)],
    flows: [flowOf(61, FLOWS.minute), flowOf(601.001, FLOWS.after), flowOf(601, FLOWS.last)],
  },
  {
    accepts: HOSTS.map((host) => accept(END, { host })),
    requests: HOSTS.map((_, partition) => ({ ...requestOf(accept(END), '/end', 0), partition })),
    flows: HOSTS.map((_, partition) => ({ ...flowOf(END, '1:end'), partition })),
  },
];

export const ACCEPTS = STEPS.flatMap(({ accepts }) => accepts);

const ipOf = ({ remote_address: address }: Accept): string => address.replace('::ffff:', '');

/** The network as a person writes it down. */
function networkOf(one: Accept): string {
  const ip = ipOf(one);
  if (isIPv4(ip)) return `${ip.split('.').slice(0, 3).join('.')}.0/24`;
  const at = networkAccepts.indexOf(one);
  const numbers = groups[at] ?? [0x2001, 0xdb8, 0, 0];
  const written = numbers.slice(0, 4).map((number) => number.toString(16));
  return `${written.join(':')}::/64`;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
const iso = (second: number): string => new Date((START + second) * 1000).toISOString().replace('.000Z', 'Z');
const FIRST_WINDOW = { window_start: iso(0), window_end: iso(10) };
const WEB_LISTENER = { ...FIRST_WINDOW, host: WEB, host_id: plain.host_id, netns: plain.netns };

/** What each job has to answer, in any order. */
export const ANSWERS = {
  'http-accepts': [...joined, [reused, again] as const]
    .map(([{ value }, one]) => `${(value as { request_uri: string }).request_uri} ${one.event_time} ${ipOf(one)}`)
    .sort(),
  'flow-accepts': [FLOWS.last, FLOWS.minute, FLOWS.sensors, FLOWS.sensors, FLOWS.zone],
  'new-listeners': unique(ACCEPTS.map((one) => `${one.host} ${one.host_id} ${one.local_port} ${one.exe}`)),
  'new-networks': unique(ACCEPTS.map((one) => `${one.host} ${one.host_id} ${networkOf(one)}`)),
  'port-scans': [
    { ...FIRST_WINDOW, remote_ip: SCAN.ten, listeners: 10, hosts: 1, accepts: 12 },
    { ...FIRST_WINDOW, remote_ip: SCAN.hosts, listeners: 10, hosts: 2, accepts: 10 },
  ],
  'backlog-pressure': [
    { ...WEB_LISTENER, local_port: 8081, accepts: 2, backlog: 80, backlog_max: 100, fill: 0.8, queued_us: 250 },
    { ...WEB_LISTENER, local_port: 8083, accepts: 1, backlog: -1, backlog_max: -1, fill: null, queued_us: 100_000 },
    { ...WEB_LISTENER, local_port: 8085, accepts: 1, backlog: 129, backlog_max: 128, fill: 129 / 128, queued_us: 250 },
    {
      ...{ ...WEB_LISTENER, host: DB, local_port: 8086, accepts: 1 },
      ...{ backlog: 0, backlog_max: 128, fill: 0, queued_us: 100_000 },
    },
  ],
};
