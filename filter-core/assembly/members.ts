import { resolveEscapes } from './escapes';
import {
  COMMUNITY_ID,
  EVENT_TIME,
  FIELD_COUNT,
  LOCAL_ADDRESS,
  LOCAL_PORT,
  REMOTE_ADDRESS,
  REMOTE_PORT,
} from './fields';
import { setSlot, setText } from './memory';
import { moment, readMoment } from './moment';
import { BROKEN, escaped, found, NOTHING, number, skipSpace, skipString, skipValue, TRUTH, WHOLE, WORDS } from './scan';
import { BOOLEAN, FORMATS, INTEGER, JSON as LINES, LITERALS, PART_BYTES, PARTS, TEXT } from './templates';

// Reads an object that the format json has written, and others have passed on, into the slots: by the parts of that
// format, one for each field. A member that is missing, null or of another type is an unknown value, as it is in datums.

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;

const FIRST: usize = PARTS + <usize>load<u16>(FORMATS + LINES * 8) * PART_BYTES;
const BEHIND: usize = FIRST + <usize>(FIELD_COUNT * PART_BYTES);
const UNKNOWN: i64 = -1;

const ENDS: u64 =
  ((<u64>1) << REMOTE_ADDRESS) | ((<u64>1) << REMOTE_PORT) | ((<u64>1) << LOCAL_ADDRESS) | ((<u64>1) << LOCAL_PORT);
const EVERY: u64 = ((<u64>1) << FIELD_COUNT) - 1;

/** The part whose name comes next: members are mostly in the order of the schema, and written as the format does it. */
let expected: usize = 0;
/** One bit for each field of which the record has a value of our type. */
let known: u64 = 0;

// What the last call of readMembers() found.
/** Where the Community ID is missing: from there to there a new one belongs; the same place when it has no member. */
export let gap: usize = 0;
export let gapEnd: usize = 0;
/** Whether it is missing. */
export let lacksId: bool = false;

function isSame(one: usize, other: usize, length: usize): bool {
  if (length < 8) {
    for (let index: usize = 0; index < length; index++)
      if (load<u8>(one + index) !== load<u8>(other + index)) return false;
    return true;
  }
  const last = length - 8;
  for (let index: usize = 0; index < last; index += 8)
    if (load<u64>(one + index) !== load<u64>(other + index)) return false;
  return load<u64>(one + last) === load<u64>(other + last);
}

/** The field's name as the format writes it, with quotes and colon. The first one's literal has a brace in front. */
function nameOf(part: usize): usize {
  return LITERALS + load<u16>(part, 6) + usize(part === FIRST);
}

function nameBytes(part: usize): usize {
  return load<u16>(part, 4) - usize(part === FIRST);
}

/** The part of the field whose name, with quotes, this is; BEHIND for none. */
function partOf(name: usize, length: usize): usize {
  let part = FIRST;
  while (part < BEHIND && (nameBytes(part) - 1 !== length || !isSame(nameOf(part), name, length))) part += PART_BYTES;
  return part;
}

function setKnown(field: u64, isKnown: bool): void {
  const bit = (<u64>1) << field;
  known = isKnown ? known | bit : known & ~bit;
}

function takeText(field: u32, value: usize, end: usize): void {
  const isText = found === WORDS;
  setKnown(field, isText);
  if (!isText) return;
  const text = value + 1;
  setText(field, text, <u32>((escaped ? resolveEscapes(text, end - 1) : end - 1) - text));
}

// What a filter compares has 32 bits at most, signed or not, and is read by 32 bits in part: others must not look the same.
function takeNumber(field: u32): void {
  const fits = found === WHOLE && number >= i32.MIN_VALUE && number <= <i64>u32.MAX_VALUE;
  setKnown(field, fits);
  setSlot(field, number);
}

/** null is an instant that can't be written. */
function takeTime(value: usize, end: usize): void {
  const isTime = found === WORDS && readMoment(value + 1, end - value - 2);
  setKnown(EVENT_TIME, isTime || found === NOTHING);
  setSlot(EVENT_TIME, isTime ? moment : UNKNOWN);
}

function takeId(value: usize, end: usize): void {
  lacksId = found === NOTHING || (found === WORDS && end - value === 2);
  gap = value;
  gapEnd = end;
}

function takeMember(part: usize, value: usize, end: usize): void {
  const kind = load<u8>(part);
  const field: u32 = load<u8>(part, 1);
  if (field === COMMUNITY_ID) takeId(value, end);
  else if (field === EVENT_TIME) takeTime(value, end);
  else if (kind === TEXT) takeText(field, value, end);
  else if (kind === INTEGER) takeNumber(field);
  else if (kind === BOOLEAN) {
    setKnown(field, found === TRUTH);
    setSlot(field, number);
  }
}

/** Over a name in any writing, its colon and blanks; its part is the expected one then. */
function skipName(at: usize): usize {
  if (load<u8>(at) !== QUOTE) return BROKEN;
  const name = at;
  at = skipString(at + 1);
  if (at === BROKEN) return BROKEN;
  let end = at - 1;
  if (escaped) {
    end = resolveEscapes(name + 1, end);
    store<u8>(end, QUOTE);
  }
  expected = partOf(name, end + 1 - name);
  at = skipSpace(at);
  return load<u8>(at) === COLON ? skipSpace(at + 1) : BROKEN;
}

/** Reads the member at `at`, whose value's end it answers. */
function readMember(at: usize): usize {
  const isExpected = expected < BEHIND && isSame(nameOf(expected), at, nameBytes(expected));
  const value = isExpected ? skipSpace(at + nameBytes(expected)) : skipName(at);
  if (value === BROKEN) return BROKEN;
  at = skipValue(value);
  if (at === BROKEN || expected === BEHIND) return at;
  takeMember(expected, value, at);
  expected += PART_BYTES;
  return at;
}

/** Puts what unknown values are into the slots that have none. */
function setUnknowns(): void {
  for (let missing = EVERY & ~known; missing !== 0; missing &= missing - 1) {
    const field = <u32>ctz(missing);
    const isNumber = load<u8>(FIRST + <usize>(field * PART_BYTES)) === INTEGER;
    setSlot(field, isNumber ? UNKNOWN : 0);
  }
}

export function hasTime(): bool {
  return (known & ((<u64>1) << EVENT_TIME)) !== 0;
}

/** Reads the object at `at`, whose bytes it may change; whether it is one, ends at `end` and has both ends of a connection. */
export function readMembers(at: usize, end: usize): bool {
  known = 0;
  expected = FIRST;
  lacksId = true;
  gap = 0;
  at = skipSpace(at);
  if (load<u8>(at) !== OPEN) return false;
  do {
    at = readMember(skipSpace(at + 1));
    if (at === BROKEN) return false;
    at = skipSpace(at);
  } while (load<u8>(at) === COMMA);
  if (load<u8>(at) !== CLOSE || skipSpace(at + 1) !== end) return false;
  if (gap === 0) {
    gap = at;
    gapEnd = at;
  }
  setUnknowns();
  return (known & ENDS) === ENDS;
}
