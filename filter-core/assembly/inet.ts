// Text to address, as RFC 4291 section 2.2 has it: what inet_pton takes. IPv4 becomes ::ffff:a.b.c.d, so that an address
// and the one mapped from it are the same.

const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const COLON: u8 = 0x3a;
const DOUBLE_COLON: u16 = 0x3a3a;
const GROUPS: i32 = 8;
const NONE: i64 = -1;
const MAPPED: u64 = 0xffff_0000_0000;

/** The address in network byte order, as its groups of 16 bits are read. */
const ADDRESS: usize = memory.data(16, 16);

// What the last call of parse() found.
/** First 64 bits. */
export let upper: u64 = 0;
/** Last 64 bits. */
export let lower: u64 = 0;

/** Digits at the start of some text, of which more than three are no octet. */
function octetDigits(at: usize, end: usize): usize {
  let digits: usize = 0;
  while (at + digits < end && digits < 4 && <u8>(load<u8>(at + digits) - ZERO) < 10) digits++;
  return digits;
}

/** The 32 bits of a.b.c.d, or NONE. */
function parseFour(at: usize, end: usize): i64 {
  let address: i64 = 0;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && (at >= end || load<u8>(at++) !== POINT)) return NONE;
    const digits = octetDigits(at, end);
    if (digits === 0 || (digits > 1 && load<u8>(at) === ZERO)) return NONE;
    let value: i64 = 0;
    for (const stop = at + digits; at < stop; at++) value = value * 10 + (load<u8>(at) - ZERO);
    if (value > 255) return NONE;
    address = (address << 8) | value;
  }
  return at === end ? address : NONE;
}

/** Value of a hexadecimal digit; above 15 for any other byte. */
export function hexDigit(byte: u8): u32 {
  const decimal = <u32>byte - ZERO;
  if (decimal < 10) return decimal;
  const letter = <u32>(byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

function setGroup(group: i32, value: u32): void {
  store<u16>(ADDRESS + ((<usize>group) << 1), bswap<u16>(<u16>value));
}

/** Puts zeros where :: stood: in front of the group `gap` of `groups`. */
function spread(gap: i32, groups: i32): void {
  const missing = GROUPS - groups;
  for (let group = groups - 1; group >= gap; group--)
    store<u16>(ADDRESS + ((<usize>(group + missing)) << 1), load<u16>(ADDRESS + ((<usize>group) << 1)));
  for (let group = gap; group < gap + missing; group++) setGroup(group, 0);
}

/** Reads groups up to `end` to ADDRESS; whether they are an IPv6 address. */
function parseSix(at: usize, end: usize): bool {
  let groups = 0;
  let gap = -1;
  if (at + 2 <= end && load<u16>(at) === DOUBLE_COLON) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    const start = at;
    let value: u32 = 0;
    for (let digit: u32 = 0; at < end && at - start < 5; at++) {
      digit = hexDigit(load<u8>(at));
      if (digit > 15) break;
      value = (value << 4) | digit;
    }
    const digits = at - start;
    if (digits === 0 || groups === GROUPS) return false;
    if (at < end && load<u8>(at) === POINT) {
      const four = parseFour(start, end);
      if (four === NONE || groups > GROUPS - 2) return false;
      setGroup(groups++, <u32>(four >> 16));
      setGroup(groups++, <u32>four);
      break;
    }
    if (digits > 4) return false;
    setGroup(groups++, value);
    if (at === end) break;
    if (load<u8>(at++) !== COLON || at === end) return false;
    if (load<u8>(at) !== COLON) continue;
    if (gap >= 0) return false;
    gap = groups;
    at++;
  }
  if (gap < 0) return groups === GROUPS;
  // A :: stands for one group at least.
  if (groups === GROUPS) return false;
  spread(gap, groups);
  return true;
}

/** Reads `length` bytes of text; whether they are an IP address, which is in `upper` and `lower` then. */
export function parse(text: usize, length: i32): bool {
  const end = text + <usize>length;
  const four = parseFour(text, end);
  if (four !== NONE) {
    upper = 0;
    lower = MAPPED | <u64>four;
    return true;
  }
  if (!parseSix(text, end)) return false;
  upper = bswap<u64>(load<u64>(ADDRESS));
  lower = bswap<u64>(load<u64>(ADDRESS, 8));
  return true;
}
