import { setFilter, setMore } from './filter';
import { setLists, setPlaces } from './lists';
import { setNets } from './nets';
import { setRate } from './rate';

// A host that has no calls for settings has them in its memory from the start: whoever makes its module puts there the
// tables, and here what the setters are to be called with.

/** Per setter f64: whether it is called, and its arguments. */
export const RULES: usize = memory.data(7 * 64, 16);
export const RULE_BYTES: i32 = 64;
export const RULE_FILTER: i32 = 0;
export const RULE_MORE: i32 = 1;
export const RULE_REMOTE: i32 = 2;
export const RULE_LOCAL: i32 = 3;
export const RULE_LISTS: i32 = 4;
export const RULE_PLACES: i32 = 5;
export const RULE_RATE: i32 = 6;

function real(rule: i32, index: i32): f64 {
  return load<f64>(RULES + <usize>(rule * RULE_BYTES + (index + 1) * 8));
}

function whole(rule: i32, index: i32): i32 {
  return <i32>real(rule, index);
}

function isTrue(rule: i32, index: i32): bool {
  return real(rule, index) !== 0;
}

function isGiven(rule: i32): bool {
  return isTrue(rule, -1);
}

function applySide(rule: i32): void {
  if (isGiven(rule)) setNets(isTrue(rule, 0), whole(rule, 1), isTrue(rule, 2));
}

/** Calls the setters that are given. */
export function applyRules(): void {
  if (isGiven(RULE_FILTER)) setFilter(real(RULE_FILTER, 0), whole(RULE_FILTER, 1), isTrue(RULE_FILTER, 2));
  if (isGiven(RULE_MORE)) setMore(isTrue(RULE_MORE, 0), isTrue(RULE_MORE, 1), real(RULE_MORE, 2), real(RULE_MORE, 3));
  applySide(RULE_REMOTE);
  applySide(RULE_LOCAL);
  if (isGiven(RULE_LISTS)) setLists(whole(RULE_LISTS, 0), whole(RULE_LISTS, 1), whole(RULE_LISTS, 2));
  if (isGiven(RULE_PLACES)) setPlaces(whole(RULE_PLACES, 0), whole(RULE_PLACES, 1));
  if (isGiven(RULE_RATE)) setRate(whole(RULE_RATE, 0), whole(RULE_RATE, 1), real(RULE_RATE, 2));
}
