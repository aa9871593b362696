import { checkFilter, type EntryKind, LISTS } from '../../filter-core/conditions.js';
import { type Ports, RATE_KEYS, type RateKey, type RateLimit } from '../../filter-core/filter.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { quoted } from './errors.js';
import { decimal, type Reject } from './values.js';

/** Reads a comma-separated list into its distinct entries, in their order. */
type ListReader<T> = (text: string, reject: Reject) => readonly T[];

/** `entryOf` turns an item into what the kind judges. */
function listOf<T>(kind: EntryKind, entryOf: (item: string) => T): ListReader<T> {
  const { one, many, are, fits, most = Number.POSITIVE_INFINITY } = kind;
  return (text, reject) => {
    const items = text.split(',');
    const wrong = items.find((item) => !fits(entryOf(item)));
    if (wrong !== undefined) {
      const place = wrong === text ? '' : ` in ${quoted(text)}`;
      throw reject(`invalid ${one} ${quoted(wrong)}${place}: ${many} are ${are}`);
    }
    const entries = new Map(items.map(entryOf).map((entry) => [String(entry), entry]));
    if (entries.size > most) throw reject(`${entries.size} ${many}: there can be ${most} at most`);
    return [...entries.values()];
  };
}

const numberOf = (item: string): number => decimal(item) ?? Number.NaN;
const withoutBlanks = (item: string): string => item.replace(/^[ \t]+|[ \t]+$/g, '');
const asWritten = (item: string): string => item;
/** What a shell completes ends with a slash. */
const withoutEndSlash = (item: string): string => item.replace(/(?<=.)\/$/, '');

function portsOf(item: string): Ports {
  const [, from, to] = /^([^-]+)-([^-]+)$/.exec(item) ?? [];
  return from === undefined || to === undefined ? numberOf(item) : [numberOf(from), numberOf(to)];
}

/** A network namespace of this machine may be named by a path; what lies there is known when capture starts. */
const NETNS_PLACE: EntryKind = {
  ...LISTS.netns,
  are: `${LISTS.netns.are}, or paths as /run/netns/blue`,
  fits: (entry) => LISTS.netns.fits(entry) || (typeof entry === 'string' && /^\/[^\0]+$/.test(entry)),
};

export const readPorts = listOf(LISTS.ports, portsOf);
export const readNets = listOf(LISTS.remoteNets, withoutBlanks);
export const readUids = listOf(LISTS.uids, numberOf);
// Blanks may be part of a name, and of a cgroup's.
export const readComms = listOf(LISTS.comms, asWritten);
export const readNetns = listOf(LISTS.netns, numberOf);
export const readNetnsPlaces = listOf<number | string>(NETNS_PLACE, (item) => decimal(item) ?? item);
export const readCgroups = listOf(LISTS.cgroups, withoutEndSlash);
export const readContainers = listOf(LISTS.containers, withoutBlanks);

/** N/KEY: N accepts a second of each key. */
export function readRateLimit(text: string, reject: Reject): RateLimit {
  const [, records, key] = /^([0-9]+)\/(.*)$/s.exec(text) ?? [];
  const refuse = (why: string) => reject(`invalid rate limit ${quoted(text)}: ${why}`);
  if (records === undefined || key === undefined)
    throw refuse(`give accepts a second and what has them, as 10/remote_address; keys are ${RATE_KEYS.join(', ')}`);
  const rateLimit = { records: Number(records), key: key as RateKey };
  try {
    checkFilter({ rateLimit });
  } catch (error) {
    throw error instanceof AcceptstreamError ? refuse(error.message) : error;
  }
  return rateLimit;
}
