import { kindOf, operandOf, PARTS, partsOf, STEP_BYTES, setSlot, setText, slotOf } from './memory';
import { zigzag } from './varint';

// Reads a field of any shape, with a look at the end before each byte: what the plan's own loop does not step over, and
// what it could not read, to tell bytes that are cut off from bytes that are wrong.

/** Kinds of steps. A union, array, map or record has others in it: `operand` is the number of the first at PARTS. */
export const INT: i32 = 0;
export const LONG: i32 = 1;
export const STRING: i32 = 2;
export const BOOLEAN: i32 = 3;
export const FIXED: i32 = 4;
export const UNION: i32 = 5;
export const ARRAY: i32 = 6;
export const MAP: i32 = 7;
export const RECORD: i32 = 8;
/** A null where a field of ours could be: `operand` is what it has then. */
export const ABSENT: i32 = 9;
/** A branch of a union that a field of ours can't be read from. */
export const UNREADABLE: i32 = 10;

/** What readers answer when the bytes are no datum. */
export const MALFORMED: usize = 0;

/** Longest datum that is accepted where there is a choice; an accept has some hundred bytes. */
export const DATUM_MAX: i32 = 0x8000;
// A schema may refer to itself, and values may have no bytes: neither may take for ever. What a datum may hold is so much,
// and more with each byte.
const DEPTH_MAX: i32 = 64;
const VISITS_FREE: i32 = 1024;
const VISITS_PER_BYTE: i32 = 16;

let origin: usize = 0;
let visits: i32 = 0;
let number: i64 = 0;
let ranOut: bool = false;

/** Whether the last thing that was MALFORMED might have been well with more bytes behind it. */
export function isCut(): bool {
  return ranOut;
}

/** The fields that are read from now on are those of a datum at `at`. */
export function beginDatum(at: usize): void {
  origin = at;
  visits = 0;
}

/** Reads one field; answers the first byte behind it, or MALFORMED. */
export function readField(step: usize, at: usize, end: usize): usize {
  ranOut = false;
  return read(step, at, end, 0);
}

function cut(): usize {
  ranOut = true;
  return MALFORMED;
}

function read(step: usize, at: usize, end: usize, depth: i32): usize {
  if (depth > DEPTH_MAX || ++visits > VISITS_FREE + <i32>(at - origin) * VISITS_PER_BYTE) return MALFORMED;
  const kind = kindOf(step);
  if (kind <= LONG) return readInteger(step, at, end);
  if (kind === STRING) return readText(step, at, end);
  if (kind === BOOLEAN) return readFlag(step, at, end);
  if (kind === FIXED) return skip(operandOf(step), at, end);
  if (kind === RECORD) return readRecord(step, at, end, depth);
  if (kind === UNION) return readUnion(step, at, end, depth);
  if (kind === ABSENT) return setAbsent(step, at);
  return kind === UNREADABLE ? MALFORMED : readItems(step, at, end, depth);
}

/** Reads a varint into `number`. */
function readVarint(at: usize, end: usize): usize {
  let raw: u64 = 0;
  let shift: u64 = 0;
  let byte: u64 = 0;
  do {
    if (at >= end) return cut();
    byte = load<u8>(at++);
    raw |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80 && shift < 70);
  if (byte >= 0x80 || (shift === 70 && byte > 1)) return MALFORMED;
  number = zigzag(raw);
  return at;
}

function readInteger(step: usize, at: usize, end: usize): usize {
  at = readVarint(at, end);
  if (at === MALFORMED || (kindOf(step) === INT && number !== <i64>(<i32>number))) return MALFORMED;
  setSlot(slotOf(step), number);
  return at;
}

function readText(step: usize, at: usize, end: usize): usize {
  at = readVarint(at, end);
  if (at === MALFORMED || number < 0 || number > DATUM_MAX) return MALFORMED;
  setText(slotOf(step), at, <u32>number);
  return skip(<u32>number, at, end);
}

function readFlag(step: usize, at: usize, end: usize): usize {
  if (at >= end) return cut();
  const value = load<u8>(at);
  setSlot(slotOf(step), value);
  return value > 1 ? MALFORMED : at + 1;
}

function skip(bytes: u32, at: usize, end: usize): usize {
  if (bytes > <u32>DATUM_MAX) return MALFORMED;
  return at + bytes > end ? cut() : at + bytes;
}

function setAbsent(step: usize, at: usize): usize {
  setSlot(slotOf(step), <i64>(<i32>operandOf(step)));
  return at;
}

function partOf(step: usize, index: u32): usize {
  return PARTS + <usize>(operandOf(step) + index) * STEP_BYTES;
}

function readRecord(step: usize, at: usize, end: usize, depth: i32): usize {
  const fields = partsOf(step);
  for (let index: u32 = 0; index < fields && at !== MALFORMED; index++)
    at = read(partOf(step, index), at, end, depth + 1);
  return at;
}

function readUnion(step: usize, at: usize, end: usize, depth: i32): usize {
  at = readVarint(at, end);
  if (at === MALFORMED || number < 0 || number >= <i64>partsOf(step)) return MALFORMED;
  return read(partOf(step, <u32>number), at, end, depth + 1);
}

// An array or a map: blocks of a count and so many items, until a count of 0; a negative count has the block's bytes
// behind it. A map's items have a string in front.
function readItems(step: usize, at: usize, end: usize, depth: i32): usize {
  at = readVarint(at, end);
  while (at !== MALFORMED && number !== 0) {
    at = readBlock(step, at, end, depth);
    if (at !== MALFORMED) at = readVarint(at, end);
  }
  return at;
}

// The items of `number`. Where one has no bytes, those behind it have none either, however many they are.
function readBlock(step: usize, at: usize, end: usize, depth: i32): usize {
  let items = number;
  if (items < 0) {
    items = -items;
    at = readVarint(at, end);
  }
  let before: usize = 0;
  for (let left = items; left !== 0 && at !== MALFORMED && at !== before; left--) {
    before = at;
    at = readItem(step, at, end, depth);
  }
  return at;
}

function readItem(step: usize, at: usize, end: usize, depth: i32): usize {
  if (kindOf(step) === MAP) at = skipKey(at, end);
  return at === MALFORMED ? MALFORMED : read(partOf(step, 0), at, end, depth + 1);
}

function skipKey(at: usize, end: usize): usize {
  at = readVarint(at, end);
  return at === MALFORMED || number < 0 || number > DATUM_MAX ? MALFORMED : skip(<u32>number, at, end);
}
