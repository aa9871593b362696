import { LOCAL_ADDRESS, LOCAL_PORT, REMOTE_ADDRESS, REMOTE_PORT } from './fields';
import { lower, parse, upper } from './inet';
import { int, textLength, textStart } from './memory';
import { BLOCK, DIGEST, hash } from './sha1';

// Community ID version 1 with the seed 0:
//   "1:" base64(SHA-1(seed u16 · address · address · protocol u8 · 0 u8 · port u16 · port u16)), all big-endian,
// the smaller end first, by its address and then its port. IPv4-mapped addresses count as IPv4.

export const ID_BYTES: usize = 30;
/** What makeId() made. */
export const ID: usize = memory.data(32, 16);

const VERSION: u16 = 0x3a31; // 1:
const TCP: u8 = 6;
const MAPPED: u64 = 0xffff;
const DIGITS: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99,
  100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 48,
  49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);
const EQUALS: u8 = 0x3d;

/** The ends: two u64 of the address, u64 port. */
const END_BYTES: usize = 24;
const ENDS: usize = memory.data(48, 16);

/** Whether the field holds an address and the other one a port, which are the end then. */
function takeEnd(end: usize, address: i32, port: i32): bool {
  if (<u32>int(port) > 0xffff || !parse(textStart(address), textLength(address))) return false;
  store<u64>(end, upper);
  store<u64>(end, lower, 8);
  store<u64>(end, int(port), 16);
  return true;
}

function isMapped(end: usize): bool {
  return load<u64>(end) === 0 && load<u64>(end, 8) >> 32 === MAPPED;
}

function isBefore(one: usize, other: usize): bool {
  for (let at: usize = 0; at < END_BYTES; at += 8) {
    const first = load<u64>(one + at);
    const second = load<u64>(other + at);
    if (first !== second) return first < second;
  }
  return false;
}

function putAddress(out: usize, end: usize, isFour: bool): usize {
  if (isFour) {
    store<u32>(out, bswap<u32>(<u32>load<u64>(end, 8)));
    return out + 4;
  }
  store<u64>(out, bswap<u64>(load<u64>(end)));
  store<u64>(out, bswap<u64>(load<u64>(end, 8)), 8);
  return out + 16;
}

/** Writes what is hashed to BLOCK; answers its length. */
function putMessage(first: usize, second: usize): usize {
  const isFour = isMapped(first) && isMapped(second);
  store<u16>(BLOCK, 0);
  const out = putAddress(putAddress(BLOCK + 2, first, isFour), second, isFour);
  store<u16>(out, TCP);
  store<u16>(out, bswap<u16>(load<u16>(first, 16)), 2);
  store<u16>(out, bswap<u16>(load<u16>(second, 16)), 4);
  return out + 6 - BLOCK;
}

/** Base64's four digits (RFC 4648) of three bytes. */
function putDigits(out: usize, bytes: usize): void {
  const bits = bswap<u32>(load<u32>(bytes));
  for (let digit = 0; digit < 4; digit++)
    store<u8>(out + <usize>digit, load<u8>(DIGITS + ((bits >> (26 - 6 * digit)) & 63)));
}

/** Makes the id of the record in the slots; whether its ends have one. */
export function makeId(): bool {
  if (!takeEnd(ENDS, REMOTE_ADDRESS, REMOTE_PORT) || !takeEnd(ENDS + END_BYTES, LOCAL_ADDRESS, LOCAL_PORT))
    return false;
  const swapped = isBefore(ENDS + END_BYTES, ENDS);
  hash(swapped ? putMessage(ENDS + END_BYTES, ENDS) : putMessage(ENDS, ENDS + END_BYTES));
  store<u16>(ID, VERSION);
  // The digest has 20 bytes: behind them are zeros.
  for (let group: usize = 0; group < 7; group++) putDigits(ID + 2 + group * 4, DIGEST + group * 3);
  store<u8>(ID, EQUALS, ID_BYTES - 1);
  return true;
}
