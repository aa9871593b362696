import { AcceptstreamError } from '../schemas/error.js';
import { type Filter, RATE_KEYS } from './filter.js';
import { parseNet } from './nets.js';

/** What the entries of a list of a filter are. */
export interface EntryKind {
  /** Its name, for one and for several. */
  readonly one: string;
  readonly many: string;
  /** What they must be. */
  readonly are: string;
  readonly fits: (entry: unknown) => boolean;
  /** Entries at most; the core's tables have as many. */
  readonly most?: number;
}

const isWhole = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
const isPort = (value: unknown): boolean => isWhole(value, 65535);
const isText = (value: unknown): value is string => typeof value === 'string';

/** The kernel's text as UTF-8: no NUL, and nothing that stands for a byte that is none. */
function isName(value: unknown, mostBytes: number): value is string {
  return (
    isText(value) &&
    value !== '' &&
    !/[\0\uFFFD\p{Surrogate}]/u.test(value) &&
    new TextEncoder().encode(value).length <= mostBytes
  );
}

function isRange(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isPort) && value[0] <= value[1];
}

const PORT: EntryKind = {
  one: 'port',
  many: 'ports',
  are: 'whole numbers from 0 to 65535, or two of them for a range (8000-8099), the lower one first',
  fits: (entry) => isPort(entry) || isRange(entry),
};

export const NET: EntryKind = {
  one: 'network',
  many: 'networks',
  are: 'addresses, or the bits they begin with, as 192.0.2.0/24 or 2001:db8::/32',
  fits: (entry) => isText(entry) && parseNet(entry) !== undefined,
  most: 1024,
};

export const UID: EntryKind = {
  one: 'user id',
  many: 'user ids',
  are: 'whole numbers from 0 to 4294967295',
  fits: (entry) => isWhole(entry, 2 ** 32 - 1),
  most: 256,
};

export const COMM: EntryKind = {
  one: 'name',
  many: 'names',
  are: 'those of threads, 1 to 15 bytes of UTF-8',
  fits: (entry) => isName(entry, 15),
  most: 256,
};

export const NETNS: EntryKind = {
  one: 'network namespace',
  many: 'network namespaces',
  are: 'inode numbers',
  fits: (entry) => isWhole(entry, 2 ** 32 - 1),
  most: 256,
};

export const CGROUP: EntryKind = {
  one: 'cgroup',
  many: 'cgroups',
  are: 'paths from the root of the hierarchy, as /system.slice/nginx.service, at most 1024 bytes',
  fits: (entry) => isName(entry, 1024) && (entry === '/' || /^(\/(?!\.{1,2}(\/|$))[^/]+)+$/.test(entry)),
  most: 64,
};

export const CONTAINER: EntryKind = {
  one: 'container',
  many: 'containers',
  are: 'ids, or their first 8 or more of 64 hexadecimal digits, in lower case',
  fits: (entry) => isText(entry) && /^[0-9a-f]{8,64}$/.test(entry),
  most: 64,
};

/** The lists of a filter. */
export const LISTS = {
  ports: PORT,
  remotePorts: PORT,
  remoteNets: NET,
  excludeRemoteNets: NET,
  localNets: NET,
  excludeLocalNets: NET,
  uids: UID,
  comms: COMM,
  netns: NETNS,
  cgroups: CGROUP,
  containers: CONTAINER,
} as const satisfies Partial<Record<keyof Filter, EntryKind>>;

/** What the numbers of a rate limit can be, from 1 on. */
export const RATE_MOST = { records: 1_000_000_000, intervalMs: 86_400_000 } as const;

function refuse(name: string, message: string): never {
  throw new AcceptstreamError('USAGE', `filter.${name}`, message);
}

/** A value of any type in a message. */
function shown(value: unknown): string {
  if (isText(value)) return JSON.stringify(value);
  return Array.isArray(value)
    ? `[${value.map(shown).join(', ')}]`
    : `${typeof value === 'object' ? 'an object' : String(value)}`;
}

function checkList(name: string, list: unknown, { many, are, fits, most = Number.POSITIVE_INFINITY }: EntryKind): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) refuse(name, `${name} must be a list of ${many}, not ${shown(list)}`);
  const wrong = list.findIndex((entry) => !fits(entry));
  if (wrong >= 0) refuse(name, `${name} has no ${many} in ${shown(list[wrong])}: ${many} are ${are}`);
  if (list.length > most) refuse(name, `${name} can have ${most} ${many} at most, not ${list.length}`);
}

function checkRateLimit({ rateLimit }: Filter): void {
  if (rateLimit === undefined) return;
  const { records, key, intervalMs = 1000 } = rateLimit ?? {};
  if (!isWhole(records, RATE_MOST.records) || records === 0)
    refuse('rateLimit', `records must be a whole number from 1 to ${RATE_MOST.records}, not ${shown(records)}`);
  if (!RATE_KEYS.includes(key)) refuse('rateLimit', `key must be one of ${RATE_KEYS.join(', ')}, not ${shown(key)}`);
  if (!isWhole(intervalMs, RATE_MOST.intervalMs) || intervalMs === 0)
    refuse(
      'rateLimit',
      `intervalMs must be a whole number from 1 to ${RATE_MOST.intervalMs}, not ${shown(intervalMs)}`,
    );
}

function checkTime(name: 'since' | 'until', { [name]: time }: Filter): void {
  if (time !== undefined && !Number.isSafeInteger(time))
    refuse(name, `${name} must be whole microseconds since the epoch, not ${shown(time)}`);
}

/** @throws AcceptstreamError USAGE naming the condition that can't be used. */
export function checkFilter(filter: Filter): void {
  const { pid, family, loopback } = filter;
  if (pid !== undefined && !isWhole(pid, Number.POSITIVE_INFINITY))
    refuse('pid', `pid must be a whole number from 0 on, not ${shown(pid)}`);
  if (family !== undefined && family !== 4 && family !== 6)
    refuse('family', `family must be 4 or 6, not ${shown(family)}`);
  if (loopback !== undefined && typeof loopback !== 'boolean')
    refuse('loopback', `loopback must be true or false, not ${shown(loopback)}`);
  for (const [name, kind] of Object.entries(LISTS)) checkList(name, filter[name as keyof typeof LISTS], kind);
  checkTime('since', filter);
  checkTime('until', filter);
  checkRateLimit(filter);
}
