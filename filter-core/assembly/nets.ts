import { LOCAL_ADDRESS, REMOTE_ADDRESS } from './fields';
import { lower, parse, upper } from './inet';
import { need, textLength, textStart } from './memory';

/** Networks a list of a filter may have at most. */
export const NETS_MAX: i32 = 1024;
/** Two for each network of both lists of a side, and two for the hole of the mapped addresses in each list. */
export const BOUNDARIES_MAX: i32 = 2 * 2 * (NETS_MAX + 1);
/** Two u64: the first and the last half of an address. */
export const BOUNDARY_BYTES: i32 = 16;

/**
 * Where addresses that pass begin and end by turns, in order: those from the first boundary on pass, those from the second
 * on do not. The remote side's, then the local side's.
 */
export const BOUNDARIES: usize = memory.data(2 * BOUNDARIES_MAX * BOUNDARY_BYTES, 16);
const LOCAL_BOUNDARIES: usize = BOUNDARIES + <usize>(BOUNDARIES_MAX * BOUNDARY_BYTES);

const OFF: i32 = -1;

let remoteCount: i32 = OFF;
let localCount: i32 = OFF;
let remoteOthers: bool = false;
let localOthers: bool = false;

/** How many boundaries a side has; `others`: whether text that is no address passes. */
export function setNets(local: bool, count: i32, others: bool): void {
  need(local ? LOCAL_ADDRESS : REMOTE_ADDRESS);
  if (local) {
    localCount = count;
    localOthers = others;
  } else {
    remoteCount = count;
    remoteOthers = others;
  }
}

/** Whether the parsed address is between a beginning and an end. */
function isInside(boundaries: usize, count: i32): bool {
  let first = 0;
  let left = count;
  while (left > 0) {
    const half = left >> 1;
    const boundary = boundaries + ((<usize>(first + half)) << 4);
    const start = load<u64>(boundary);
    const isBehind = start < upper || (start === upper && load<u64>(boundary, 8) <= lower);
    first = isBehind ? first + half + 1 : first;
    left = isBehind ? left - half - 1 : half;
  }
  return (first & 1) !== 0;
}

/** Whether both addresses of the record pass. */
export function netsPass(): bool {
  if (remoteCount !== OFF) {
    const isAddress = parse(textStart(REMOTE_ADDRESS), textLength(REMOTE_ADDRESS));
    if (!(isAddress ? isInside(BOUNDARIES, remoteCount) : remoteOthers)) return false;
  }
  if (localCount === OFF) return true;
  const isAddress = parse(textStart(LOCAL_ADDRESS), textLength(LOCAL_ADDRESS));
  return isAddress ? isInside(LOCAL_BOUNDARIES, localCount) : localOthers;
}
