import { writeInteger, writePair } from './text';

const MICROSECONDS: i64 = 1000000;
const DAY_SECONDS: i64 = 86400;
const COLON: u8 = 0x3a;

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

export function floorDivide(value: i64, by: i64): i64 {
  const quotient = value / by;
  return quotient - i64(quotient * by > value);
}

/** HH:MM:SS of an instant in the zone. */
export function writeClock(out: usize, instant: i64): usize {
  const local = floorDivide(instant, MICROSECONDS) + offset;
  return writeTimeOfDay(out, <u32>(local - floorDivide(local, DAY_SECONDS) * DAY_SECONDS));
}

function writeTimeOfDay(out: usize, second: u32): usize {
  const minute = second / 60;
  out = writePair(out, minute / 60);
  store<u8>(out, COLON);
  out = writePair(out + 1, minute % 60);
  store<u8>(out, COLON);
  return writePair(out + 1, second % 60);
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
