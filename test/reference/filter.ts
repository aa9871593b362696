import { isIP } from 'node:net';
import type { Filter, Ports, RateLimit } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { printedPort } from './tcpaccept.js';

/** An address as a number; those of IPv4 and those mapped from them (::ffff:a.b.c.d) are of family 4. */
interface Address {
  readonly family: 4 | 6;
  readonly number: bigint;
}

const MAPPED = 0xffffn;

function numberOfSix(text: string): bigint {
  // The URL parser knows all forms and writes one, without points.
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const groups = (part = '') => (part === '' ? [] : part.split(':'));
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return BigInt(`0x${all.map((group) => group.padStart(4, '0')).join('')}`);
}

function addressOf(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  if (isIP(text) === 4) {
    return { family: 4, number: text.split('.').reduce((number, part) => number * 256n + BigInt(part), 0n) };
  }
  const number = numberOfSix(text);
  return number >> 32n === MAPPED ? { family: 4, number: number & 0xffffffffn } : { family: 6, number };
}

function isIn(net: string, text: string): boolean {
  const [prefix = '', length] = net.split('/');
  const start = addressOf(prefix);
  const address = addressOf(text);
  const isSix = isIP(prefix) === 6;
  const bits = Number(length ?? (isSix ? 128 : 32));
  if (!start || !address) return false;
  if (start.family === 4 && isSix && bits < 96)
    return address.family === 6 && same(128 - bits, MAPPED << 32n, address.number);
  return start.family === address.family && same((isSix ? 128 : 32) - bits, start.number, address.number);
}

const same = (ignored: number, one: bigint, other: bigint) => one >> BigInt(ignored) === other >> BigInt(ignored);

const unmapped = (text: string) => text.replace(/^::ffff:(?=[0-9.]{7,15}$)/, '');

const isLoopback = (text: string) => unmapped(text) === '::1' || /^127\../s.test(unmapped(text));

const isLocal = ({ remote_address, local_address }: Accept) =>
  isLoopback(remote_address) || (remote_address !== '' && remote_address === local_address);

const hasPort = (list: readonly Ports[], port: number) =>
  list.some((entry) => (typeof entry === 'number' ? entry === port : entry[0] <= port && port <= entry[1]));

const textOf = (record: Accept, field: string) => String((record as unknown as Record<string, unknown>)[field] ?? '');

const isBelow = (cgroup: string, path: string) =>
  path !== '' && (cgroup === '/' || path === cgroup || path.startsWith(`${cgroup}/`));

/** What holds of a record for an entry of each list; those of `exclude…` must not. */
const LISTS: { readonly [K in keyof Filter]?: (entry: never, record: Accept) => boolean } = {
  ports: (entry: Ports, record) => hasPort([entry], printedPort(record)),
  remotePorts: (entry: Ports, { remote_port }) => hasPort([entry], remote_port),
  remoteNets: (net: string, { remote_address }) => isIn(net, remote_address),
  excludeRemoteNets: (net: string, { remote_address }) => isIn(net, remote_address),
  localNets: (net: string, { local_address }) => isIn(net, local_address),
  excludeLocalNets: (net: string, { local_address }) => isIn(net, local_address),
  uids: (uid: number, record) => record.uid === uid,
  comms: (comm: string, record) => record.comm === comm,
  netns: (inode: number, record) => record.netns === inode,
  cgroups: (path: string, record) => isBelow(path, textOf(record, 'cgroup_path')),
  containers: (id: string, record) => textOf(record, 'container_id').startsWith(id),
};

function listsHold(record: Accept, filter: Filter): boolean {
  return Object.entries(LISTS).every(([name, holds]) => {
    const list = (filter[name as keyof Filter] ?? []) as never[];
    const some = list.some((entry) => holds(entry, record));
    return list.length === 0 || some !== name.startsWith('exclude');
  });
}

function passes(record: Accept, filter: Filter): boolean {
  const { pid, family, loopback = true, since = -Infinity, until = Infinity } = filter;
  return (
    (pid === undefined || record.pid === pid) &&
    (family === undefined || record.ip_version === family) &&
    (loopback || !isLocal(record)) &&
    since <= record.event_time &&
    record.event_time < until &&
    listsHold(record, filter)
  );
}

function rateKey({ key }: RateLimit, record: Accept): string {
  if (key === 'local_port') return String(printedPort(record));
  if (key === 'pid') return String(record.pid);
  if (key === 'comm') return Buffer.byteLength(record.comm) > 15 ? 'long' : `name ${record.comm}`;
  const address = addressOf(record.remote_address);
  // Text that is none has the key of an address that no peer can have.
  return address ? `${address.family} ${address.number}` : `6 ${2n ** 128n - 1n}`;
}

/** The first records of each key in each interval. There is room for every key. */
function withinRate(records: readonly Accept[], limit: RateLimit): Accept[] {
  const intervals = new Map<string, { start: number; count: number }>();
  const length = (limit.intervalMs ?? 1000) * 1000;
  return records.filter((record) => {
    const key = rateKey(limit, record);
    const current = intervals.get(key);
    const age = current ? record.event_time - current.start : length;
    if (!current || age >= length || age < -length) {
      intervals.set(key, { start: record.event_time, count: 1 });
      return true;
    }
    if (current.count >= limit.records) return false;
    current.count += 1;
    return true;
  });
}

/** The records that a filter keeps. */
export function kept(records: readonly Accept[], filter: Filter): Accept[] {
  const passing = records.filter((record) => passes(record, filter));
  return filter.rateLimit ? withinRate(passing, filter.rateLimit) : passing;
}
