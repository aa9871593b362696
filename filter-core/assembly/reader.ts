import { isNeeded, kindOf, operandOf, PLAN, STEP_BYTES, setSlot, setText, slotOf } from './memory';
import { BOOLEAN, beginDatum, FIXED, INT, isCut, LONG, MALFORMED, readField, STRING } from './nested';
import { bytesUpTo, rawOfWord, skipVarints, stopsOf, zigzag } from './varint';

/** Bits of a string's first byte that show a length of more than one byte, or one below zero. */
const LONG_OR_NEGATIVE: u8 = 0x81;

/** Bits of a string's first two bytes that show a length in both, and how. */
const TWO_BYTES_MASK: u32 = 0x8081;
const TWO_BYTES: u32 = 0x80;

/** So many bytes hold less than 32 bits. */
const INT_BYTES_SURE: i32 = 4;

const FIRST_STEP: usize = PLAN - STEP_BYTES;
// A step's second byte: how many steps behind it are stepped over together, and whether one of them is an int.
const LONGEST_RUN: i32 = 0x7f;
const WITH_INT: i32 = 0x80;

let planEnd: usize = PLAN;

function runBehind(step: usize): u32 {
  return load<u8>(step, 1) & LONGEST_RUN;
}

/** How many strings directly behind a string are stepped over with it. */
function textsBehind(step: usize): u32 {
  return operandOf(step);
}

function hasInt(step: usize): bool {
  return (load<u8>(step, 1) & WITH_INT) !== 0;
}

/**
 * Takes `fields` steps of the plan into use. The filter and the columns must be set before: numbers that neither needs
 * are stepped over together, from the step in front of them, and so are strings, from a string in front of them. In front
 * of the first field there is a step without bytes.
 */
export function setPlan(fields: i32): void {
  planEnd = PLAN + <usize>(fields * STEP_BYTES);
  store<u8>(FIRST_STEP, FIXED);
  let run = 0;
  let ints = 0;
  let texts = 0;
  for (let step = planEnd - STEP_BYTES; step >= FIRST_STEP; step -= STEP_BYTES) {
    store<u8>(step, <u8>(run | ints), 1);
    const isText = kindOf(step) === STRING;
    if (isText) store<u32>(step, texts, 4);
    texts = isText && !isNeeded(slotOf(step)) ? texts + 1 : 0;
    const unneeded = kindOf(step) <= LONG && !isNeeded(slotOf(step));
    run = unneeded ? min(run + 1, LONGEST_RUN) : 0;
    ints = unneeded && (ints !== 0 || kindOf(step) === INT) ? WITH_INT : 0;
  }
}

/** What a field has that the writer schema lacks: a number, or 0 for an empty string and false. */
export function setUnknown(slot: i32, value: i32): void {
  setSlot(slot, value);
}

/** Reads a number of one byte. */
function readDigit(at: usize, step: usize): usize {
  setSlot(slotOf(step), zigzag(load<u8>(at)));
  return at + 1;
}

/** Reads a number of at most eight bytes, which nearly all are. */
function readNumber(at: usize, end: usize, step: usize): usize {
  const word = load<u64>(at);
  const stops = stopsOf(word);
  if (stops === 0) return readVaried(at, end, step);
  const bytes = bytesUpTo(stops);
  const raw = rawOfWord(word, stops);
  if (bytes > INT_BYTES_SURE && kindOf(step) === INT && raw > u32.MAX_VALUE) return MALFORMED;
  setSlot(slotOf(step), zigzag(raw));
  return at + bytes;
}

/** Reads a number, or a string of any length: both begin with a varint. */
function readVaried(at: usize, end: usize, step: usize): usize {
  const kind = kindOf(step);
  let raw: u64 = 0;
  let shift: u64 = 0;
  let byte: u64 = 0;
  do {
    byte = load<u8>(at++);
    raw |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80 && shift < 70);
  // The tenth byte holds the 64th bit and nothing else.
  if (byte >= 0x80 || (shift === 70 && byte > 1)) return MALFORMED;
  if (kind === INT && raw > u32.MAX_VALUE) return MALFORMED;
  const value = zigzag(raw);
  if (kind !== STRING) {
    setSlot(slotOf(step), value);
    return at;
  }
  if (value < 0 || value > <i64>end - <i64>at) return MALFORMED;
  setText(slotOf(step), at, <u32>value);
  return at + <usize>value;
}

/** Reads a string whose length has two bytes, as paths and ids in them do, or any other number of them. */
function readText(at: usize, end: usize, step: usize): usize {
  const word: u32 = load<u16>(at);
  if ((word & TWO_BYTES_MASK) !== TWO_BYTES) return readVaried(at, end, step);
  const start = at + 2;
  const length = ((word >> 1) & 0x3f) | ((word >> 8) << 6);
  if (<i64>length > <i64>end - <i64>start) return MALFORMED;
  setText(slotOf(step), start, length);
  return start + length;
}

function readBoolean(at: usize, step: usize): usize {
  const value = load<u8>(at);
  setSlot(slotOf(step), value);
  return value > 1 ? MALFORMED : at + 1;
}

function skipFixed(at: usize, end: usize, step: usize): usize {
  const bytes = operandOf(step);
  return <i64>bytes > <i64>end - <i64>at ? MALFORMED : at + bytes;
}

/** Reads the datum at `at` into the slots; answers the first byte behind it, or MALFORMED. */
export function readDatum(at: usize, end: usize): usize {
  const stop = planEnd;
  beginDatum(at);
  for (let step = FIRST_STEP; step < stop; step += STEP_BYTES) {
    const kind = kindOf(step);
    const first = load<u8>(at);
    if (((first & LONG_OR_NEGATIVE) | (kind ^ STRING)) === 0) {
      const length: u32 = first >> 1;
      setText(slotOf(step), at + 1, length);
      at += 1 + length;
      for (let texts = textsBehind(step); texts > 0; texts--) {
        const other = load<u8>(at);
        if ((other & LONG_OR_NEGATIVE) !== 0) break;
        at += 1 + (other >> 1);
        step += STEP_BYTES;
      }
    } else {
      if (kind <= LONG) at = first < 0x80 ? readDigit(at, step) : readNumber(at, end, step);
      else if (kind === STRING) at = readText(at, end, step);
      else if (kind === BOOLEAN) at = readBoolean(at, step);
      else if (kind === FIXED) at = skipFixed(at, end, step);
      else at = readField(step, at, end);
      if (at === MALFORMED) return MALFORMED;
    }
    const run = runBehind(step);
    if (run > 0) {
      const skipped = skipVarints(at, run, hasInt(step));
      if (skipped !== 0) {
        at = skipped;
        step += run * STEP_BYTES;
      }
    }
  }
  return at <= end ? at : MALFORMED;
}

/** Whether the bytes at `at`, which are no datum, might be the start of one that is cut off. */
export function isStart(at: usize, end: usize): bool {
  beginDatum(at);
  for (let step = PLAN; step < planEnd; step += STEP_BYTES) {
    at = readField(step, at, end);
    if (at === MALFORMED) return isCut();
  }
  return false;
}
