import { characterBytes } from './utf8';

// Cells of a row. Each writer puts one cell at `out` and answers the byte behind it; it may store up to 16 bytes more.

const BLANK: u8 = 0x20;
const MINUS: u8 = 0x2d;
const MARK: u8 = 0x3f; // ?

const EACH_BYTE: u64 = u64.MAX_VALUE / 0xff;
const ZEROS: u64 = EACH_BYTE * 0x30;
const BLANKS: u64 = EACH_BYTE * BLANK;

/** Fills up with blanks to `stop`. */
export function pad(out: usize, stop: usize): usize {
  if (out >= stop) return out;
  for (; out < stop; out += 16) v128.store(out, i8x16.splat(BLANK));
  return stop;
}

/** The 16 bytes at `text`, blank from `length` on. */
export function blanked(text: usize, length: i32): v128 {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.bitselect(v128.load(text), i8x16.splat(BLANK), i8x16.lt_s(lanes, i8x16.splat(<i8>length)));
}

/** Printable ASCII and nothing else. */
function isPlain(cell: v128): bool {
  return i8x16.all_true(v128.and(i8x16.gt_s(cell, i8x16.splat(0x1f)), i8x16.ne(cell, i8x16.splat(0x7f))));
}

/** The blank between two cells. */
export function separate(out: usize): usize {
  store<u8>(out, BLANK);
  return out + 1;
}

/** C0, DEL and C1, which a terminal may obey. */
function isControl(at: usize, bytes: i32): bool {
  const lead: u32 = load<u8>(at);
  if (bytes === 1) return lead < 0x20 || lead === 0x7f;
  return lead === 0xc2 && load<u8>(at, 1) < 0xa0;
}

/**
 * What makes a line of two or turns its order round: U+061C, U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069, the
 * separators and those of Bidi_Control.
 */
function isSteering(at: usize, bytes: i32): bool {
  if (bytes === 2) return load<u16>(at) === 0x9cd8;
  if (bytes !== 3 || load<u8>(at) !== 0xe2) return false;
  const last: u32 = load<u8>(at, 2);
  if (load<u8>(at, 1) === 0x81) return last >= 0xa6 && last <= 0xa9;
  return load<u8>(at, 1) === 0x80 && ((last >= 0xa8 && last <= 0xae) || last === 0x8e || last === 0x8f);
}

/** U+FFFD, which stands for one byte that was no UTF-8. */
function isReplacement(at: usize, bytes: i32): bool {
  return bytes === 3 && load<u16>(at) === 0xbfef && load<u8>(at, 2) === 0xbd;
}

function writeMark(out: usize): usize {
  store<u8>(out, MARK);
  return out + 1;
}

function copy(out: usize, text: usize, bytes: i32): usize {
  for (let index = 0; index < bytes; index++) store<u8>(out + index, load<u8>(text + index));
  return out + bytes;
}

/**
 * Copies text with one `?` for each control character, each byte that is no UTF-8, each U+FFFD, and for a character
 * that is cut. `room` counts bytes as the kernel held them: a U+FFFD was one.
 */
function copyCut(out: usize, text: usize, end: usize, room: i32): usize {
  while (text < end && room > 0) {
    const found = characterBytes(text, end);
    const bytes = max(found, 1);
    const isReplaced = found === 0 || isReplacement(text, bytes);
    const held = isReplaced ? 1 : bytes;
    const isMarked = isReplaced || held > room || isControl(text, bytes);
    out = isMarked ? writeMark(out) : copy(out, text, bytes);
    room -= held;
    text += bytes;
  }
  return out;
}

/** As copyCut, all of it, and with one `?` for each character that steers a line, which tcpaccept prints. */
function copyHarmless(out: usize, text: usize, end: usize): usize {
  while (text < end) {
    const found = characterBytes(text, end);
    const bytes = max(found, 1);
    const isReplaced = found === 0 || isReplacement(text, bytes);
    const isMarked = isReplaced || isControl(text, bytes) || isSteering(text, bytes);
    out = isMarked ? writeMark(out) : copy(out, text, bytes);
    text += bytes;
  }
  return out;
}

/** Text cut to its first `width` bytes (at most 16) and padded to them. */
export function writeCut(out: usize, text: usize, length: i32, width: i32): usize {
  const cell = blanked(text, min(length, width));
  const stop = out + width;
  if (!isPlain(cell)) return pad(copyCut(out, text, text + length, width), stop);
  v128.store(out, cell);
  return stop;
}

/** Text of any length, padded to `width` bytes. */
export function writeText(out: usize, text: usize, length: i32, width: i32): usize {
  const stop = out + width;
  const end = text + length;
  let count = 0;
  do {
    count = min(<i32>(end - text), 16);
    const cell = blanked(text, count);
    if (!isPlain(cell)) return pad(copyHarmless(out, text, end), stop);
    v128.store(out, cell);
    out += count;
    text += count;
  } while (text < end);
  // The last cell is blank from the text on.
  pad(out - count + 16, stop);
  return max(out, stop);
}

/** Digits of a number below 10^8 as 8 bytes, the first in the lowest, zeros in front. */
export function eightDigits(value: u32): u64 {
  const halves = <u64>(value / 10000) | ((<u64>(value % 10000)) << 32);
  const hundreds = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = hundreds | ((halves - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((pairs - tens * 10) << 8);
}

/** Bits of the zeros in front; a zero keeps its last digit. */
function leadingZeros(digits: u64): u64 {
  return ctz(digits | ((<u64>1) << 56)) & 0x38;
}

/** Digits without leading zeros, blanks behind them up to 8 bytes. */
function storeDigits(out: usize, digits: u64, zeros: u64): void {
  const blanks = ~(u64.MAX_VALUE >> zeros) & BLANKS;
  store<u64>(out, ((digits | ZEROS) >> zeros) | blanks);
}

function writeUnsigned(out: usize, value: u64): usize {
  if (value >= 100000000) {
    // Where 32 bits are enough, as for inode numbers, dividing costs a quarter.
    const upper: u64 = value <= u32.MAX_VALUE ? <u32>value / 100000000 : value / 100000000;
    out = writeUnsigned(out, upper);
    store<u64>(out, eightDigits(<u32>(value - upper * 100000000)) | ZEROS);
    return out + 8;
  }
  const digits = eightDigits(<u32>value);
  const zeros = leadingZeros(digits);
  storeDigits(out, digits, zeros);
  return out + 8 - <usize>(zeros >> 3);
}

/** An integer padded to `width` bytes (below 8). */
export function writeInteger(out: usize, value: i64, width: i32): usize {
  const stop = out + width;
  if (<u64>value < 10) {
    store<u64>(out, BLANKS + 0x10 + value);
    return stop;
  }
  if (<u64>value < 100000000) {
    const digits = eightDigits(<u32>value);
    // A branch, so that the next cell's address need not wait for the digits of this one.
    if (digits << (width << 3) === 0) {
      storeDigits(out, digits, leadingZeros(digits));
      return stop;
    }
  }
  if (value < 0) {
    store<u8>(out++, MINUS);
    value = -value;
  }
  return pad(writeUnsigned(out, value), stop);
}

/**
 * By the position of a number's highest bit, what to add so that the upper half is the count of its digits: that of the
 * power of two, carried on where a power of ten lies before the next.
 */
const DIGIT_COUNTS: usize = memory.data<u64>([
  4294967296, 4294967296, 4294967296, 8589934582, 8589934592, 8589934592, 12884901788, 12884901888, 12884901888,
  17179868184, 17179869184, 17179869184, 17179869184, 21474826480, 21474836480, 21474836480, 25769703776, 25769803776,
  25769803776, 30063771072, 30064771072, 30064771072, 30064771072, 34349738368, 34359738368, 34359738368, 38554705664,
]);

/** Decimal digits of a number below 10^8. */
function digitCount(value: u32): i32 {
  const bit = 31 - clz(value | 1);
  return <i32>((<u64>value + load<u64>(DIGIT_COUNTS + ((<usize>bit) << 3))) >> 32);
}

function writeLongNumber(out: usize, value: i64): usize {
  if (value < 0) {
    store<u8>(out++, MINUS);
    value = -value;
  }
  return writeUnsigned(out, value);
}

/** An integer with no padding. The count of its digits is known before they are: what follows need not wait for them. */
export function writeNumber(out: usize, value: i64): usize {
  if (<u64>value < 10) {
    store<u8>(out, 0x30 + <u8>value);
    return out + 1;
  }
  if (<u64>value >= 100000000) return writeLongNumber(out, value);
  const count = digitCount(<u32>value);
  store<u64>(out, (eightDigits(<u32>value) | ZEROS) >> ((<u64>(8 - count)) << 3));
  return out + count;
}

/** Two digits of a number below 100. */
export function writePair(out: usize, value: u32): usize {
  const tens = value / 10;
  store<u16>(out, <u16>(tens | ((value - tens * 10) << 8) | 0x3030));
  return out + 2;
}
