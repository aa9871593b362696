import { blanked } from './text';
import { characterBytes } from './utf8';

// JSON's strings and booleans. Each writer answers the byte behind what it wrote, and may store up to 16 bytes more.

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const TRUE: u32 = 0x65757274;
const FALSE: u32 = 0x736c6166; // e follows
const REPLACEMENT: u32 = 0xbdbfef; // U+FFFD in UTF-8
const UNICODE_ESCAPE: u32 = 0x3030755c; // \u00
const DELETE: u8 = 0x7f;
const CONTROL: u32 = 0x100;
const SEPARATOR: u32 = 0xa880e2; // U+2028 in UTF-8; U+2029 follows
const SEPARATOR_ESCAPE: u64 = 0x38323032755c; // \u2028

/** What is not ASCII without controls, quotes and backslashes. */
function special(cell: v128): v128 {
  const marks = v128.or(i8x16.eq(cell, i8x16.splat(QUOTE)), i8x16.eq(cell, i8x16.splat(BACKSLASH)));
  const controls = v128.or(i8x16.lt_s(cell, i8x16.splat(0x20)), i8x16.eq(cell, i8x16.splat(DELETE)));
  return v128.or(marks, controls);
}

/** C0, DEL or C1: JSON lets the latter two stand, and a terminal may obey them. 0 when the character is none. */
function controlOf(first: u32, second: u32): u32 {
  if (first < 0x20 || first === DELETE) return first | CONTROL;
  return first === 0xc2 && second < 0xa0 ? second | CONTROL : 0;
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

function writeControl(out: usize, byte: u32): usize {
  store<u32>(out, UNICODE_ESCAPE);
  store<u16>(out, <u16>(hexDigit(byte >> 4) | (hexDigit(byte & 15) << 8)), 4);
  return out + 6;
}

/** The character of `bytes` bytes at `at`; 0 stands for a byte that is no UTF-8. */
function writeCharacter(out: usize, at: usize, bytes: i32): usize {
  const first = load<u8>(at);
  if (bytes === 0) {
    store<u32>(out, REPLACEMENT);
    return out + 3;
  }
  const control = controlOf(first, load<u8>(at, 1));
  if (control !== 0) return writeControl(out, control & 0xff);
  // Some take these for the end of a line.
  if (bytes === 3 && (load<u32>(at) & 0xfeffff) === SEPARATOR) {
    store<u64>(out, SEPARATOR_ESCAPE + ((<u64>(load<u8>(at, 2) & 1)) << 40));
    return out + 6;
  }
  if (first === QUOTE || first === BACKSLASH) store<u8>(out++, BACKSLASH);
  for (let index = 0; index < bytes; index++) store<u8>(out++, load<u8>(at + index));
  return out;
}

/** Copies 16 bytes or more, the last 16 of them twice in part; answers what of them can't stand as it is. */
function copyLong(out: usize, at: usize, length: i32): v128 {
  const last = <usize>(length - 16);
  const end = v128.load(at + last);
  let found = special(end);
  for (let index: usize = 0; index < last; index += 16) {
    const cell = v128.load(at + index);
    v128.store(out + index, cell);
    found = v128.or(found, special(cell));
  }
  v128.store(out + last, end);
  return found;
}

function copyShort(out: usize, at: usize, length: i32): v128 {
  const cell = blanked(at, length);
  v128.store(out, cell);
  return special(cell);
}

function writeCharacters(out: usize, at: usize, end: usize): usize {
  while (at < end) {
    const bytes = characterBytes(at, end);
    out = writeCharacter(out, at, bytes);
    at += max(bytes, 1);
  }
  return out;
}

/** A string with quotes; a byte that is no UTF-8 becomes U+FFFD. */
export function writeString(out: usize, at: usize, length: i32): usize {
  store<u8>(out++, QUOTE);
  const found = length < 16 ? copyShort(out, at, length) : copyLong(out, at, length);
  out = v128.any_true(found) ? writeCharacters(out, at, at + length) : out + length;
  store<u8>(out, QUOTE);
  return out + 1;
}

export function writeBoolean(out: usize, value: i64): usize {
  store<u32>(out, value ? TRUE : FALSE);
  if (value) return out + 4;
  store<u8>(out, 0x65, 4);
  return out + 5;
}
