import { writeInteger, writePair } from './text';

const MICROSECONDS: i64 = 1000000;
const DAY_SECONDS: i64 = 86400;
const COLON: u8 = 0x3a;
const DASH: u8 = 0x2d;
const POINT: u8 = 0x2e;
const QUOTE: u8 = 0x22;
const LETTER_T: u8 = 0x54;
const LETTER_Z_QUOTE: u16 = 0x225a;

/** The offset from UTC that holds from `from` until `until` (microseconds since the epoch); none at first. */
let from: f64 = 0;
let until: f64 = 0;
let offset: i64 = 0;

export function setZone(start: f64, end: f64, offsetSeconds: f64): void {
  from = start;
  until = end;
  offset = <i64>offsetSeconds;
}

/** Compared as doubles, as the host does: beyond 2^53 both round alike. */
export function inZone(instant: i64): bool {
  return from <= <f64>instant && <f64>instant < until;
}

function floorDivide(value: i64, by: i64): i64 {
  return value / by - i64(value % by < 0);
}

/** HH:MM:SS of an instant in the zone. */
export function writeClock(out: usize, instant: i64): usize {
  const local = floorDivide(instant, MICROSECONDS) + offset;
  return writeTimeOfDay(out, <u32>(local - floorDivide(local, DAY_SECONDS) * DAY_SECONDS));
}

/** floor(value / 2^shift) rounded to nearest, ties to even. 0 < shift. */
function shiftRounded(value: u64, shift: u64): u64 {
  if (shift > 63) return 0;
  const half = (<u64>1) << (shift - 1);
  const whole = value >> shift;
  const rest = value & ((half << 1) - 1);
  return whole + u64(rest > half || (rest === half && (whole & 1) !== 0));
}

/**
 * printf("%.3f", microseconds / 1e6) of a double that holds a whole number: the quotient is mantissa x 2^-shift, and
 * its thousandfold (below 2^63) is rounded exactly.
 */
export function writeSeconds(out: usize, microseconds: f64): usize {
  const bits = reinterpret<u64>(abs(microseconds) / 1e6);
  const exponent = bits >> 52;
  const mantissa = (bits & 0xfffffffffffff) | ((<u64>1) << 52);
  const thousandths = shiftRounded(mantissa * 1000, 1075 - exponent);
  if (microseconds < 0) store<u8>(out++, 0x2d);
  out = writeInteger(out, <i64>(thousandths / 1000), 1);
  const rest = <u32>(thousandths % 1000);
  store<u16>(out, <u16>(0x302e + ((rest / 100) << 8)));
  return writePair(out + 2, rest % 100);
}

// Only years of four digits can be written; an unknown instant (-1) is null.
const YEAR_0000: i64 = -62167219200000000;
const YEAR_10000: i64 = 253402300800000000;
const NULL: u32 = 0x6c6c756e;

/** YYYY-MM-DD of a day since the epoch (Howard Hinnant, chrono-compatible date algorithms). */
function writeDate(out: usize, day: i64): usize {
  const shifted = <u32>(day + 719468);
  const era = shifted / 146097;
  const dayOfEra = shifted % 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const month = (5 * dayOfYear + 2) / 153;
  const year = yearOfEra + era * 400 + u32(month > 9);
  out = writePair(writePair(out, year / 100), year % 100);
  store<u8>(out, DASH);
  out = writePair(out + 1, month < 10 ? month + 3 : month - 9);
  store<u8>(out, DASH);
  return writePair(out + 1, dayOfYear - (153 * month + 2) / 5 + 1);
}

function writeTimeOfDay(out: usize, second: u32): usize {
  const minute = second / 60;
  out = writePair(out, minute / 60);
  store<u8>(out, COLON);
  out = writePair(out + 1, minute % 60);
  store<u8>(out, COLON);
  return writePair(out + 1, second % 60);
}

/** "YYYY-MM-DDTHH:MM:SS.ffffffZ", quoted, or null. */
export function writeInstant(out: usize, instant: i64): usize {
  if (instant === -1 || instant < YEAR_0000 || instant >= YEAR_10000) {
    store<u32>(out, NULL);
    return out + 4;
  }
  const seconds = floorDivide(instant, MICROSECONDS);
  const day = floorDivide(seconds, DAY_SECONDS);
  const fraction = <u32>(instant - seconds * MICROSECONDS);
  store<u8>(out, QUOTE);
  out = writeDate(out + 1, day);
  store<u8>(out, LETTER_T);
  out = writeTimeOfDay(out + 1, <u32>(seconds - day * DAY_SECONDS));
  store<u8>(out, POINT);
  out = writePair(out + 1, fraction / 10000);
  out = writePair(writePair(out, (fraction / 100) % 100), fraction % 100);
  store<u16>(out, LETTER_Z_QUOTE);
  return out + 2;
}
