import { COMM, EVENT_TIME, LOCAL_PORT, PEER_RESET, PID, REMOTE_ADDRESS } from './fields';
import { listedPort } from './filter';
import { lower, parse, upper } from './inet';
import { commFirst, commLast, takeComm } from './lists';
import { int, long, need, textLength, textStart } from './memory';
import { murmur2 } from './murmur2';

/** What records are counted by. */
export const RATE_REMOTE_ADDRESS: i32 = 0;
export const RATE_LOCAL_PORT: i32 = 1;
export const RATE_COMM: i32 = 2;
export const RATE_PID: i32 = 3;

/** Keys that are counted at a time, a power of two. */
export const RATE_PLACES: i32 = 16384;
/** Two u64 of the key; i64 time of the first record of its interval; u32 records kept in it, 0 when unused; u32 mark. */
export const RATE_BYTES: i32 = 32;
export const RATES: usize = memory.data(RATE_PLACES * RATE_BYTES, 16);
/** Places a key may be in. */
const PROBES: u32 = 64;

const OFF: i32 = -1;

let kind: i32 = OFF;
let most: u32 = 0;
let interval: i64 = 0;
let mark: u32 = 1;

/** Of the record at hand: two u64. */
const KEY: usize = memory.data(16, 16);

// Since forgetSuppressed().
/** Records that were over the limit. */
export let suppressed: f64 = 0;
/** Their keys; one whose place another took meanwhile counts again. */
export let suppressedKeys: f64 = 0;
/** Records that passed because no place was free for their key. */
export let unlimited: f64 = 0;

/** At most `records` records of a key in `microseconds` from its first one on. */
export function setRate(by: i32, records: i32, microseconds: f64): void {
  kind = by;
  most = records;
  interval = <i64>microseconds;
  need(EVENT_TIME);
  if (by === RATE_PID) need(PID);
  if (by === RATE_COMM) need(COMM);
  if (by === RATE_REMOTE_ADDRESS) need(REMOTE_ADDRESS);
  if (by !== RATE_LOCAL_PORT) return;
  need(LOCAL_PORT);
  need(PEER_RESET);
}

/** Counts from nothing. */
export function forgetSuppressed(): void {
  suppressed = 0;
  suppressedKeys = 0;
  unlimited = 0;
  mark++;
}

function setKey(first: u64, last: u64): void {
  store<u64>(KEY, first);
  store<u64>(KEY, last, 8);
}

// No IPv6 address that a peer can have: ff.. is multicast.
const NO_ADDRESS: u64 = u64.MAX_VALUE;

function setAddressKey(): void {
  const isAddress = parse(textStart(REMOTE_ADDRESS), textLength(REMOTE_ADDRESS));
  setKey(isAddress ? upper : NO_ADDRESS, isAddress ? lower : NO_ADDRESS);
}

function setCommKey(): void {
  takeComm();
  setKey(commFirst, commLast);
}

function makeKey(): void {
  if (kind === RATE_REMOTE_ADDRESS) setAddressKey();
  else if (kind === RATE_COMM) setCommKey();
  else setKey(0, kind === RATE_PID ? int(PID) : listedPort());
}

function isKeyOf(place: usize): bool {
  return load<u64>(place) === load<u64>(KEY) && load<u64>(place, 8) === load<u64>(KEY, 8);
}

// Records of different CPUs are not in the order of their times: one may be before its interval's first.
function isOver(place: usize, now: i64): bool {
  return <u64>(now - load<i64>(place, 16) + interval) >= <u64>(2 * interval);
}

/** The place of the key, or one it can have, which is without records then; 0 when there is none. */
function findPlace(now: i64): usize {
  let usable: usize = 0;
  const first = murmur2(KEY, 16);
  for (let probe: u32 = 0; probe < PROBES; probe++) {
    const place = RATES + <usize>((first + probe) & (RATE_PLACES - 1)) * RATE_BYTES;
    const isUsed = load<u32>(place, 24) !== 0;
    if (isUsed && isKeyOf(place)) return place;
    if (usable === 0 && (!isUsed || isOver(place, now))) usable = place;
    // Places are never emptied: no key is behind one that was not used.
    if (!isUsed) break;
  }
  if (usable !== 0) {
    store<u64>(usable, load<u64>(KEY));
    store<u64>(usable, load<u64>(KEY, 8), 8);
    store<u64>(usable, 0, 24);
  }
  return usable;
}

function suppress(place: usize): void {
  suppressed++;
  if (load<u32>(place, 28) !== mark) suppressedKeys++;
  store<u32>(place, mark, 28);
}

/** Counts the record in the slots; whether it is within the limit. Call it once for a record. */
export function isWithinRate(): bool {
  if (kind === OFF) return true;
  makeKey();
  const now = long(EVENT_TIME);
  const place = findPlace(now);
  if (place === 0) {
    unlimited++;
    return true;
  }
  const records = load<u32>(place, 24);
  const begins = records === 0 || isOver(place, now);
  if (!begins && records >= most) {
    suppress(place);
    return false;
  }
  if (begins) store<i64>(place, now, 16);
  store<u32>(place, begins ? 1 : records + 1, 24);
  return true;
}
