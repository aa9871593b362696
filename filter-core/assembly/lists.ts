import { CGROUP_PATH, COMM, CONTAINER_ID, NETNS, UID } from './fields';
import { long, need, textLength, textStart } from './memory';

// Lists a filter may have; each is walked from its start.

/** Entries of each list at most. */
export const LIST_MAX: i32 = 256;
/** User ids and inode numbers: i64. */
export const UIDS: usize = memory.data(LIST_MAX * 8, 16);
export const NETNSES: usize = memory.data(LIST_MAX * 8, 16);
/** A name: 15 bytes with zeros behind them, and their number. */
export const COMMS: usize = memory.data(LIST_MAX * 16, 16);
const COMM_BYTES: i32 = 15;

/** Longest text of an entry. */
export const TEXT_MAX: i32 = 1024;
/** A text: u32 length, then its bytes. */
export const TEXT_BYTES: i32 = 4 + TEXT_MAX;
/** Entries of each list of texts at most. */
export const TEXTS_MAX: i32 = 64;
export const CGROUPS: usize = memory.data(TEXTS_MAX * TEXT_BYTES, 16);
export const CONTAINERS: usize = memory.data(TEXTS_MAX * TEXT_BYTES, 16);

const SLASH: u8 = 0x2f;

let uids: i32 = 0;
let netnses: i32 = 0;
let comms: i32 = 0;
let cgroups: i32 = 0;
let containers: i32 = 0;

/** How many entries each list has; 0 for any. */
export function setLists(uidCount: i32, netnsCount: i32, commCount: i32): void {
  uids = uidCount;
  netnses = netnsCount;
  comms = commCount;
  if (uids > 0) need(UID);
  if (netnses > 0) need(NETNS);
  if (comms > 0) need(COMM);
}

/** As setLists. */
export function setPlaces(cgroupCount: i32, containerCount: i32): void {
  cgroups = cgroupCount;
  containers = containerCount;
  if (cgroups > 0) need(CGROUP_PATH);
  if (containers > 0) need(CONTAINER_ID);
}

function hasNumber(list: usize, count: i32, value: i64): bool {
  for (const end = list + ((<usize>count) << 3); list < end; list += 8) if (load<i64>(list) === value) return true;
  return false;
}

/** The first bytes of a word, as many as that; the others are zero. */
function firstBytes(word: u64, bytes: i32): u64 {
  if (bytes <= 0) return 0;
  return bytes >= 8 ? word : word & (u64.MAX_VALUE >> ((<u64>(8 - bytes)) << 3));
}

// COMM as the list has its names, and as none of them is when it is longer: its halves.
export let commFirst: u64 = 0;
export let commLast: u64 = 0;

export function takeComm(): void {
  const length = textLength(COMM);
  const isName = length <= COMM_BYTES;
  commFirst = isName ? firstBytes(load<u64>(textStart(COMM)), length) : u64.MAX_VALUE;
  commLast = isName ? firstBytes(load<u64>(textStart(COMM), 8), length - 8) | ((<u64>length) << 56) : u64.MAX_VALUE;
}

function commPasses(): bool {
  takeComm();
  const end = COMMS + ((<usize>comms) << 4);
  for (let name = COMMS; name < end; name += 16)
    if (load<u64>(name) === commFirst && load<u64>(name, 8) === commLast) return true;
  return false;
}

/** Whether one of the texts is the start of the field; `whole`: of whole names between slashes. */
function startsWithAny(list: usize, count: i32, field: i32, whole: bool): bool {
  const text = textStart(field);
  const length = textLength(field);
  for (const end = list + <usize>(count * TEXT_BYTES); list < end; list += TEXT_BYTES) {
    const wanted = load<i32>(list);
    if (length < wanted || memory.compare(list + 4, text, wanted) !== 0) continue;
    if (!whole || wanted === 0 || length === wanted || load<u8>(text + <usize>wanted) === SLASH) return true;
  }
  return false;
}

// The root is a text without bytes: each path that is known begins with it, also one that is cut.
function cgroupPasses(): bool {
  return textLength(CGROUP_PATH) > 0 && startsWithAny(CGROUPS, cgroups, CGROUP_PATH, true);
}

/** Whether the record is in every list that is given. */
export function listsPass(): bool {
  if (uids > 0 && !hasNumber(UIDS, uids, long(UID))) return false;
  if (netnses > 0 && !hasNumber(NETNSES, netnses, long(NETNS))) return false;
  if (comms > 0 && !commPasses()) return false;
  if (cgroups > 0 && !cgroupPasses()) return false;
  return containers === 0 || startsWithAny(CONTAINERS, containers, CONTAINER_ID, false);
}
