import { eightDigits } from './text';
import { floorDivide } from './time';

// Instants as ISO 8601 has them, in UTC with six digits of a second.

const MICROSECONDS: i64 = 1000000;
const DAY_SECONDS: i64 = 86400;
/** Days of the years from 0000 up to the epoch, and one. */
const BEFORE_EPOCH: i32 = 719529;
/** A power of two. */
const DAYS_KEPT: i32 = 64;
const NULL: u32 = 0x6c6c756e;

// Only years of four digits can be written; an unknown instant (-1) is null.
const UNKNOWN: i64 = -1;
const YEAR_0000: i64 = -62167219200000000;
const YEAR_10000: i64 = 253402300800000000;

/** Whether an instant is known and its year can be written. */
export function isInstant(instant: i64): bool {
  return instant !== UNKNOWN && instant >= YEAR_0000 && instant < YEAR_10000;
}

/** YYYYMMDD of a day since the epoch (Howard Hinnant, chrono-compatible date algorithms). */
function dateOf(day: i32): u32 {
  const shifted = <u32>(day + 719468);
  const era = shifted / 146097;
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const fromMarch = (5 * dayOfYear + 2) / 153;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + u32(fromMarch > 9);
  return year * 10000 + month * 100 + (dayOfYear - (153 * fromMarch + 2) / 5 + 1);
}

/** Digits of days, of which records name few: each place has a day's number from the year 0000 on, and its digits. */
const DAYS: usize = memory.data(DAYS_KEPT * 16, 16);

function dateDigits(day: i32): u64 {
  const place = DAYS + ((<usize>(day & (DAYS_KEPT - 1))) << 4);
  // 1 for the first, so that no day is in an empty place.
  const number = day + BEFORE_EPOCH;
  if (load<i32>(place) !== number) {
    store<i32>(place, number);
    store<u64>(place, eightDigits(dateOf(day)), 8);
  }
  return load<u64>(place, 8);
}

/** HHMMSS of a second of the day. */
function timeOf(second: u32): u32 {
  const minute = second / 60;
  const hour = minute / 60;
  return hour * 10000 + (minute - hour * 60) * 100 + (second - minute * 60);
}

/** "YYYY-MM-DDTHH:M, from the digits of the date and of the time. */
function firstHalf(digits: v128): v128 {
  const spread = i8x16.swizzle(digits, i8x16(-1, 0, 1, 2, 3, -1, 4, 5, -1, 6, 7, -1, 8, 9, -1, 10));
  return v128.or(spread, i8x16(34, 48, 48, 48, 48, 45, 48, 48, 45, 48, 48, 84, 48, 48, 58, 48));
}

/** M:SS.ffffffZ", from the digits of the time with two of the fraction, and the last four. */
function secondHalf(digits: v128): v128 {
  const spread = i8x16.swizzle(digits, i8x16(3, -1, 4, 5, -1, 6, 7, 12, 13, 14, 15, -1, -1, -1, -1, -1));
  return v128.or(spread, i8x16(48, 58, 48, 48, 46, 48, 48, 48, 48, 48, 48, 90, 34, 0, 0, 0));
}

/** "YYYY-MM-DDTHH:MM:SS.ffffffZ", quoted, or null. */
export function writeInstant(out: usize, instant: i64): usize {
  if (!isInstant(instant)) {
    store<u32>(out, NULL);
    return out + 4;
  }
  const seconds = floorDivide(instant, MICROSECONDS);
  const day = <u64>seconds <= u32.MAX_VALUE ? <i64>(<u32>seconds / 86400) : floorDivide(seconds, DAY_SECONDS);
  const fraction = <u32>(instant - seconds * MICROSECONDS);
  const upper = fraction / 10000;
  const date = dateDigits(<i32>day);
  const time = eightDigits(timeOf(<u32>(seconds - day * DAY_SECONDS)) * 100 + upper);
  const rest = eightDigits(fraction - upper * 10000);
  v128.store(out, firstHalf(i64x2.replace_lane(i64x2.splat(date), 1, time)));
  v128.store(out, secondHalf(i64x2.replace_lane(i64x2.splat(time), 1, rest)), 16);
  return out + 29;
}
