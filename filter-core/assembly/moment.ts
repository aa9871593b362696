// Reads an instant as the JSON formats write it: YYYY-MM-DDTHH:MM:SS.ffffffZ.

const ZERO: u8 = 0x30;
const LENGTH: usize = 27;
/** A zero for each digit, then all else as it must be. */
const PATTERN: usize = memory.data<u8>([
  48, 48, 48, 48, 45, 48, 48, 45, 48, 48, 84, 48, 48, 58, 48, 48, 58, 48, 48, 46, 48, 48, 48, 48, 48, 48, 90,
]);

/** What the last call of readMoment() found, microseconds since the epoch. */
export let moment: i64 = 0;

function fits(text: usize): bool {
  for (let index: usize = 0; index < LENGTH; index++) {
    const byte = load<u8>(text + index);
    const wanted = load<u8>(PATTERN + index);
    if (wanted === ZERO ? <u8>(byte - ZERO) > 9 : byte !== wanted) return false;
  }
  return true;
}

function digits(at: usize, count: usize): i32 {
  let value = 0;
  for (let index: usize = 0; index < count; index++) value = value * 10 + (load<u8>(at + index) - ZERO);
  return value;
}

/** Days since the epoch (Howard Hinnant, chrono-compatible date algorithms). Years are counted from March on. */
function dayOf(year: i32, month: i32, day: i32): i32 {
  const fromMarch = year + 400 - i32(month <= 2);
  const era = fromMarch / 400;
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return (era - 1) * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

/** Whether the text is an instant, which is in `moment` then. */
export function readMoment(text: usize, length: usize): bool {
  if (length !== LENGTH || !fits(text)) return false;
  const day = dayOf(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
  const second = (digits(text + 11, 2) * 60 + digits(text + 14, 2)) * 60 + digits(text + 17, 2);
  moment = (<i64>day * 86400 + second) * 1000000 + digits(text + 20, 6);
  return true;
}
