import { hexDigit } from './inet';
import { INPUT_BYTES } from './memory';

// Steps over JSON (RFC 8259), all of it checked. Behind the text stands a zero, which no rule takes, and then bytes that
// may be read: nothing looks at the end. Nothing calls itself either: hosts have stacks of a few KiB.

const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const COLON: u8 = 0x3a;
const LIST_OPEN: u8 = 0x5b;
const BACKSLASH: u8 = 0x5c;
const LIST_CLOSE: u8 = 0x5d;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const FALSE: u32 = 0x736c6166; // e follows
const LETTER_E: u8 = 0x65;
const LETTER_U: u8 = 0x75;
/** What may stand behind a backslash, but for u. */
const ESCAPES: usize = memory.data<u8>([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);
const ESCAPES_COUNT: i32 = 8;

const EACH_BYTE: u64 = u64.MAX_VALUE / 0xff;
const HIGH_BITS: u64 = EACH_BYTE * 0x80;

/** Digits that any number of 64 bits has room for. */
const DIGITS_MAX: usize = 19;

/** What the steps answer at anything else. */
export const BROKEN: usize = 0;

// What the last value is.
export const NOTHING: i32 = 0;
export const WHOLE: i32 = 1;
export const TRUTH: i32 = 2;
export const WORDS: i32 = 3;
/** A list, an object, or a number that is not whole or has over 64 bits. */
export const OTHER: i32 = 4;
export let found: i32 = NOTHING;
/** Of a whole number or a truth value. */
export let number: i64 = 0;
/** Whether the last string has a backslash. */
export let escaped: bool = false;

/** One bit for each value around the one at hand: whether it is an object. */
const NESTING: usize = memory.data(INPUT_BYTES / 8 + 8, 16);

function isSpace(byte: u8): bool {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function skipSpace(at: usize): usize {
  while (isSpace(load<u8>(at))) at++;
  return at;
}

/** The highest bit of each zero; those above the lowest may be wrong. */
function zeros(word: u64): u64 {
  return (word - EACH_BYTE) & ~word;
}

/** The highest bit of the first quote, backslash or control of a word; those above it may be wrong. */
function marksOf(word: u64): u64 {
  const controls = (word - EACH_BYTE * SPACE) & ~word;
  return (controls | zeros(word ^ (EACH_BYTE * QUOTE)) | zeros(word ^ (EACH_BYTE * BACKSLASH))) & HIGH_BITS;
}

/** Behind the backslash. */
function skipEscape(at: usize): usize {
  const kind = load<u8>(at++);
  if (kind === LETTER_U) {
    for (const end = at + 4; at < end; at++) if (hexDigit(load<u8>(at)) > 15) return BROKEN;
    return at;
  }
  for (let index = 0; index < ESCAPES_COUNT; index++) if (kind === load<u8>(ESCAPES + <usize>index)) return at;
  return BROKEN;
}

/** To the next quote, backslash or control. */
function skipPlain(at: usize): usize {
  let marks = marksOf(load<u64>(at));
  while (marks === 0) {
    at += 8;
    marks = marksOf(load<u64>(at));
  }
  return at + <usize>(ctz(marks) >> 3);
}

/** A string from behind its first quote on. */
export function skipString(at: usize): usize {
  at = skipPlain(at);
  escaped = load<u8>(at) === BACKSLASH;
  while (load<u8>(at) === BACKSLASH) {
    at = skipEscape(at + 1);
    if (at === BROKEN) return BROKEN;
    at = skipPlain(at);
  }
  return load<u8>(at) === QUOTE ? at + 1 : BROKEN;
}

function isDigit(byte: u8): bool {
  return <u8>(byte - ZERO) < 10;
}

function skipDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

/** Fraction and exponent, each of which may be missing. */
function skipRest(at: usize): usize {
  if (load<u8>(at) === POINT) {
    if (!isDigit(load<u8>(at, 1))) return BROKEN;
    at = skipDigits(at + 1);
  }
  if ((load<u8>(at) | 0x20) !== LETTER_E) return at;
  const sign = load<u8>(++at);
  if (sign === MINUS || sign === 0x2b) at++;
  return isDigit(load<u8>(at)) ? skipDigits(at) : BROKEN;
}

function takeWhole(at: usize, end: usize, negative: bool): void {
  let value: u64 = 0;
  for (let digit = at; digit < end; digit++) value = value * 10 + (load<u8>(digit) - ZERO);
  found = end - at <= DIGITS_MAX && value <= <u64>i64.MAX_VALUE ? WHOLE : OTHER;
  number = negative ? -(<i64>value) : <i64>value;
}

function skipNumber(at: usize): usize {
  const negative = load<u8>(at) === MINUS;
  if (negative) at++;
  const end = skipDigits(at);
  if (end === at || (end - at > 1 && load<u8>(at) === ZERO)) return BROKEN;
  takeWhole(at, end, negative);
  const behind = skipRest(end);
  if (behind !== end) found = OTHER;
  return behind;
}

function skipLiteral(at: usize): usize {
  const word = load<u32>(at);
  found = word === NULL ? NOTHING : TRUTH;
  number = word === TRUE ? 1 : 0;
  if (word === NULL || word === TRUE) return at + 4;
  return word === FALSE && load<u8>(at, 4) === LETTER_E ? at + 5 : BROKEN;
}

function skipScalar(at: usize): usize {
  const byte = load<u8>(at);
  if (byte === MINUS || isDigit(byte)) return skipNumber(at);
  if (byte !== QUOTE) return skipLiteral(at);
  found = WORDS;
  return skipString(at + 1);
}

function isObject(depth: u32): bool {
  return (load<u8>(NESTING + <usize>(depth >> 3)) & (1 << (depth & 7))) !== 0;
}

function enter(depth: u32, object: bool): void {
  const place = NESTING + <usize>(depth >> 3);
  const bit: u8 = 1 << (<u8>(depth & 7));
  store<u8>(place, object ? load<u8>(place) | bit : load<u8>(place) & ~bit);
}

/** A name, its colon, and blanks up to the value. */
function skipName(at: usize): usize {
  at = skipSpace(at);
  if (load<u8>(at) !== QUOTE) return BROKEN;
  at = skipString(at + 1);
  if (at === BROKEN) return BROKEN;
  at = skipSpace(at);
  return load<u8>(at) === COLON ? skipSpace(at + 1) : BROKEN;
}

/** Lists and objects around the value at hand. */
let depth: u32 = 0;

/** Into a list or an object, to its first value, or over an empty one. */
function skipOpening(at: usize): usize {
  const object = load<u8>(at) === OPEN;
  at = skipSpace(at + 1);
  if (load<u8>(at) === (object ? CLOSE : LIST_CLOSE)) return at + 1;
  enter(depth++, object);
  return object ? skipName(at) : at;
}

/** From behind a value over all that ends there, to the next value; behind the outermost one when `depth` is 0. */
function skipEnds(at: usize): usize {
  while (depth > 0) {
    at = skipSpace(at);
    const byte = load<u8>(at++);
    const object = isObject(depth - 1);
    if (byte === COMMA) return object ? skipName(at) : skipSpace(at);
    if (byte !== (object ? CLOSE : LIST_CLOSE)) return BROKEN;
    depth--;
  }
  return at;
}

/** Any value, from its first byte on. */
export function skipValue(at: usize): usize {
  const first = load<u8>(at);
  if (first !== OPEN && first !== LIST_OPEN) return skipScalar(at);
  depth = 0;
  do {
    const byte = load<u8>(at);
    const outer = depth;
    const opens = byte === OPEN || byte === LIST_OPEN;
    at = opens ? skipOpening(at) : skipScalar(at);
    if (at === BROKEN) return BROKEN;
    if (opens && depth > outer) continue;
    at = skipEnds(at);
    if (at === BROKEN) return BROKEN;
  } while (depth > 0);
  found = OTHER;
  return at;
}
