import { floorDivide } from './time';
import { characterBytes } from './utf8';

// MessagePack in its shortest forms. Each writer answers the byte behind what it wrote, and may store up to 16 bytes more.

const UINT8: u8 = 0xcc;
const UINT16: u8 = 0xcd;
const UINT32: u8 = 0xce;
const UINT64: u8 = 0xcf;
const INT8: u8 = 0xd0;
const INT16: u8 = 0xd1;
const INT32: u8 = 0xd2;
const INT64: u8 = 0xd3;
const FIXSTR: u8 = 0xa0;
const FIXSTR_MAX: u32 = 31;
const STR8: u8 = 0xd9;
const STR16: u8 = 0xda;
const STR32: u8 = 0xdb;
const FALSE: u8 = 0xc2;

const HIGH_BITS: u64 = (u64.MAX_VALUE / 0xff) * 0x80;
const REPLACEMENT: u32 = 0xbdbfef; // U+FFFD in UTF-8
const REPLACEMENT_BYTES: u32 = 3;

const MICROSECONDS: i64 = 1000000;
const NANOSECONDS: i64 = 1000;

function put1(out: usize, form: u8, value: u8): usize {
  store<u8>(out, form);
  store<u8>(out, value, 1);
  return out + 2;
}

function put2(out: usize, form: u8, value: u16): usize {
  store<u8>(out, form);
  store<u16>(out, bswap(value), 1);
  return out + 3;
}

function put4(out: usize, form: u8, value: u32): usize {
  store<u8>(out, form);
  store<u32>(out, bswap(value), 1);
  return out + 5;
}

function put8(out: usize, form: u8, value: u64): usize {
  store<u8>(out, form);
  store<u64>(out, bswap(value), 1);
  return out + 9;
}

function writeNegative(out: usize, value: i64): usize {
  if (value >= -0x20) {
    store<u8>(out, <u8>value);
    return out + 1;
  }
  if (value >= i8.MIN_VALUE) return put1(out, INT8, <u8>value);
  if (value >= i16.MIN_VALUE) return put2(out, INT16, <u16>value);
  if (value >= i32.MIN_VALUE) return put4(out, INT32, <u32>value);
  return put8(out, INT64, value);
}

export function writePackedInteger(out: usize, value: i64): usize {
  const raw = <u64>value;
  if (raw < 0x80) {
    store<u8>(out, <u8>raw);
    return out + 1;
  }
  if (value < 0) return writeNegative(out, value);
  if (raw <= 0xffff) return raw <= 0xff ? put1(out, UINT8, <u8>raw) : put2(out, UINT16, <u16>raw);
  return raw <= 0xffffffff ? put4(out, UINT32, <u32>raw) : put8(out, UINT64, raw);
}

function writeTextHeader(out: usize, bytes: u32): usize {
  if (bytes <= FIXSTR_MAX) {
    store<u8>(out, FIXSTR | <u8>bytes);
    return out + 1;
  }
  if (bytes <= u8.MAX_VALUE) return put1(out, STR8, <u8>bytes);
  return bytes <= u16.MAX_VALUE ? put2(out, STR16, <u16>bytes) : put4(out, STR32, bytes);
}

/** Nothing but ASCII, 8 bytes at a time; what lies behind the text in its last word does not count. */
function isAscii(at: usize, length: u32): bool {
  const end = at + length;
  for (; at + 8 <= end; at += 8) if ((load<u64>(at) & HIGH_BITS) !== 0) return false;
  const rest = (<u64>(end - at)) << 3;
  return (load<u64>(at) & HIGH_BITS & (((<u64>1) << rest) - 1)) === 0;
}

/** Bytes of a text in which each byte that is no UTF-8 has become U+FFFD. */
function harmlessBytes(at: usize, end: usize): u32 {
  let bytes: u32 = 0;
  while (at < end) {
    const found = characterBytes(at, end);
    bytes += found === 0 ? REPLACEMENT_BYTES : <u32>found;
    at += max(found, 1);
  }
  return bytes;
}

function writeHarmless(out: usize, at: usize, end: usize): usize {
  while (at < end) {
    const found = characterBytes(at, end);
    store<u32>(out, found === 0 ? REPLACEMENT : load<u32>(at));
    out += found === 0 ? REPLACEMENT_BYTES : found;
    at += max(found, 1);
  }
  return out;
}

function copyText(out: usize, at: usize, length: u32): usize {
  for (let copied: u32 = 0; copied < length; copied += 16) v128.store(out + copied, v128.load(at + copied));
  return out + length;
}

/** A string; a byte that is no UTF-8 becomes U+FFFD. */
export function writePackedText(out: usize, at: usize, length: u32): usize {
  if (isAscii(at, length)) return copyText(writeTextHeader(out, length), at, length);
  const end = at + length;
  return writeHarmless(writeTextHeader(out, harmlessBytes(at, end)), at, end);
}

export function writePackedBoolean(out: usize, value: i64): usize {
  store<u8>(out, FALSE + u8(value !== 0));
  return out + 1;
}

/** Fluent's EventTime without its header: seconds and nanoseconds as u32, big-endian; 0 when 32 bits can't tell them. */
export function writeEventTime(out: usize, instant: i64): usize {
  const seconds = floorDivide(instant, MICROSECONDS);
  const isTold = <u64>seconds <= 0xffffffff;
  const nanoseconds = (instant - seconds * MICROSECONDS) * NANOSECONDS;
  store<u32>(out, bswap(isTold ? <u32>seconds : 0));
  store<u32>(out, bswap(isTold ? <u32>nanoseconds : 0), 4);
  return out + 8;
}
