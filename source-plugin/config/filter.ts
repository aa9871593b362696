import { type EntryKind, LISTS, RATE_MOST } from '../../filter-core/conditions.js';
import type { Filter, Ports } from '../../filter-core/filter.js';
import { reasonOf } from '../../schemas/error.js';
import { cgroupPath, netnsInode } from '../places.js';
import type { Conflict } from './rules.js';
import type { FilterConfig, RateLimitConfig } from './types.js';

type Entry = number | string;

/** A list of a configuration's filter. */
interface ListKey {
  /** What it is in a Filter. */
  readonly list: keyof typeof LISTS;
  /** Which entries the schema lets pass. */
  readonly shape: (entry: unknown) => boolean;
  /** Makes an entry of a Filter. undefined, or an error that says why, for what is none. */
  readonly read: (entry: never) => unknown;
  /** Whether `read` looks whether it is there. */
  readonly isPlace?: true;
}

const isNumber = (entry: unknown): boolean => Number.isInteger(entry);
const isText = (entry: unknown): boolean => typeof entry === 'string';
const isEither = (entry: unknown): boolean => isNumber(entry) || isText(entry);
const asGiven = (entry: Entry): Entry => entry;

// A text is also what a variable of the environment becomes.
function portsOf(entry: Entry): Ports | undefined {
  const [, from, to] = /^(-?[0-9]+)(?:-([0-9]+))?$/.exec(String(entry)) ?? [];
  if (from === undefined) return undefined;
  return to === undefined ? Number(from) : [Number(from), Number(to)];
}

const LIST_KEYS = {
  ports: { list: 'ports', shape: isEither, read: portsOf },
  remote_ports: { list: 'remotePorts', shape: isEither, read: portsOf },
  remote_nets: { list: 'remoteNets', shape: isText, read: asGiven },
  exclude_remote_nets: { list: 'excludeRemoteNets', shape: isText, read: asGiven },
  local_nets: { list: 'localNets', shape: isText, read: asGiven },
  exclude_local_nets: { list: 'excludeLocalNets', shape: isText, read: asGiven },
  uids: { list: 'uids', shape: isNumber, read: asGiven },
  comms: { list: 'comms', shape: isText, read: asGiven },
  netns: { list: 'netns', shape: isEither, read: (entry: Entry) => netnsInode(String(entry)), isPlace: true },
  cgroups: { list: 'cgroups', shape: isText, read: cgroupPath, isPlace: true },
  containers: { list: 'containers', shape: isText, read: asGiven },
} as const satisfies Partial<Record<keyof FilterConfig, ListKey>>;

const ENTRIES = Object.entries(LIST_KEYS) as [keyof typeof LIST_KEYS, ListKey][];

/** Entries that a description names. */
const SHOWN = 4;

/** The filter of live accepts that a configuration asks for. Throws AcceptstreamError USAGE of a place that is gone. */
export function filterOf(config: FilterConfig): Filter {
  const { pid, family, loopback, rate_limit: rate } = config;
  const lists = ENTRIES.map(([key, { list, read }]) => [list, config[key]?.map((entry) => read(entry as never))]);
  const rateLimit = rate && { records: rate.records, key: rate.key, intervalMs: rate.interval_ms };
  return { pid, family, loopback, rateLimit, ...Object.fromEntries(lists) };
}

/** A filter in the words of its configuration, in one line; empty when it keeps all. */
export function describeFilter({ rate_limit: rate, ...conditions }: FilterConfig): string {
  const parts = Object.entries(conditions).map(([key, value]) => `${key} ${listed(value)}`);
  if (rate) parts.push(`at most ${rate.records} records of each ${rate.key} in ${rate.interval_ms} ms`);
  return parts.join('; ');
}

function listed(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const more = value.length > SHOWN ? [`${value.length - SHOWN} more`] : [];
  return [...value.slice(0, SHOWN), ...more].join(', ');
}

/** What is wrong with a filter's values; whether its places are there is asked apart. */
export function filterConflicts(filter: FilterConfig): Conflict[] {
  const lists = ENTRIES.flatMap(([key, { isPlace, ...list }]) => [
    ...crowded(filter, key, LISTS[list.list]),
    ...(isPlace ? [] : wrongEntries(filter, key, list)),
  ]);
  return [...lists, ...rateConflicts(filter.rate_limit)];
}

/** Places of a filter that are not there, or none. */
export function placeConflicts(filter: FilterConfig): Conflict[] {
  return ENTRIES.flatMap(([key, list]) => (list.isPlace ? wrongEntries(filter, key, list) : []));
}

// What has the wrong shape is the schema's to refuse.
function entriesOf(filter: FilterConfig, key: keyof typeof LIST_KEYS): readonly unknown[] {
  const list: unknown = filter[key];
  return Array.isArray(list) ? list : [];
}

function crowded(filter: FilterConfig, key: keyof typeof LIST_KEYS, { many, most }: EntryKind): Conflict[] {
  const { length } = entriesOf(filter, key);
  if (most === undefined || length <= most) return [];
  return [{ path: ['filter', key], message: `${most} ${many} at most, not ${length}` }];
}

function wrongEntries(filter: FilterConfig, key: keyof typeof LIST_KEYS, { list, shape, read }: ListKey): Conflict[] {
  return entriesOf(filter, key).flatMap((entry, index) => {
    const message = shape(entry) ? problemOf(entry, LISTS[list], read) : undefined;
    return message === undefined ? [] : [{ path: ['filter', key, index], message }];
  });
}

function problemOf(entry: unknown, { one, many, are, fits }: EntryKind, read: ListKey['read']): string | undefined {
  try {
    if (fits(read(entry as never))) return undefined;
    return `${JSON.stringify(entry)} is no ${one}: ${many} are ${are}`;
  } catch (error) {
    return reasonOf(error);
  }
}

function rateConflicts(rate: RateLimitConfig | undefined): Conflict[] {
  const ranges = { records: RATE_MOST.records, interval_ms: RATE_MOST.intervalMs } as const;
  return Object.entries(ranges).flatMap(([key, most]) => {
    const number = rate?.[key as keyof typeof ranges];
    if (!isNumber(number) || (Number(number) >= 1 && Number(number) <= most)) return [];
    return [{ path: ['filter', 'rate_limit', key], message: `must be 1 to ${most}` }];
  });
}
