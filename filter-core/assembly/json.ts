import { FIELD_COUNT, NAME_BYTES, NAMES, SHAPE_BOOLEAN, SHAPE_INSTANT, SHAPE_TEXT, SHAPES } from './fields';
import { long, need, textLength, textStart } from './memory';
import { blanked, writeInteger } from './text';
import { writeInstant } from './time';
import { characterBytes } from './utf8';

// One flat object a line: the fields by their names, in the order of the schema.

/** A line has at most JSON_FRAME bytes and JSON_GROWTH for each byte of its datum. */
export const JSON_GROWTH: i32 = 6;
export const JSON_FRAME: i32 = 2048;

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const OPEN: u8 = 0x7b;
const CLOSE: u16 = 0x0a7d; // }\n
const TRUE: u32 = 0x65757274;
const FALSE: u32 = 0x736c6166; // e follows
const REPLACEMENT: u32 = 0xbdbfef; // U+FFFD in UTF-8
const UNICODE_ESCAPE: u32 = 0x3030755c; // \u00

export function needAll(): void {
  for (let field = 0; field < FIELD_COUNT; field++) need(field);
}

/** ASCII without controls, quotes and backslashes. */
function isPlain(cell: v128): bool {
  const marks = v128.or(i8x16.eq(cell, i8x16.splat(QUOTE)), i8x16.eq(cell, i8x16.splat(BACKSLASH)));
  return !v128.any_true(v128.or(marks, i8x16.lt_s(cell, i8x16.splat(0x20))));
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
  if (first < 0x20) return writeControl(out, first);
  if (first === QUOTE || first === BACKSLASH) store<u8>(out++, BACKSLASH);
  for (let index = 0; index < bytes; index++) store<u8>(out++, load<u8>(at + index));
  return out;
}

function writeString(out: usize, at: usize, length: i32): usize {
  const end = at + length;
  store<u8>(out++, QUOTE);
  while (at < end) {
    const count = min(<i32>(end - at), 16);
    const cell = blanked(at, count);
    if (isPlain(cell)) {
      v128.store(out, cell);
      out += count;
      at += count;
    } else {
      const bytes = characterBytes(at, end);
      out = writeCharacter(out, at, bytes);
      at += max(bytes, 1);
    }
  }
  store<u8>(out, QUOTE);
  return out + 1;
}

function writeBoolean(out: usize, value: i64): usize {
  store<u32>(out, value ? TRUE : FALSE);
  if (value) return out + 4;
  store<u8>(out, 0x65, 4);
  return out + 5;
}

function writeValue(out: usize, field: i32): usize {
  const shape = load<u8>(SHAPES + field);
  if (shape === SHAPE_TEXT) return writeString(out, textStart(field), textLength(field));
  if (shape === SHAPE_BOOLEAN) return writeBoolean(out, long(field));
  if (shape === SHAPE_INSTANT) return writeInstant(out, long(field));
  return writeInteger(out, long(field), 1);
}

/** `,"name":` as it stands in front of each value. */
function writeName(out: usize, field: i32): usize {
  const name = NAMES + <usize>(field * NAME_BYTES);
  v128.store(out, v128.load(name, 1));
  v128.store(out, v128.load(name, 17), 16);
  return out + load<u8>(name);
}

/** Writes the record in the slots as one line; answers the byte behind it. */
export function writeJson(out: usize): usize {
  const start = out;
  for (let field = 0; field < FIELD_COUNT; field++) out = writeValue(writeName(out, field), field);
  store<u8>(start, OPEN);
  store<u16>(out, CLOSE);
  return out + 2;
}
