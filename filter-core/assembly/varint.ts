// Avro numbers: zigzag, seven bits a byte, lowest first, the high bit set on all but the last byte.

const EACH_BYTE: u64 = u64.MAX_VALUE / 0xff;
const EACH_PAIR: u64 = u64.MAX_VALUE / 0xffff;
const EACH_FOUR: u64 = u64.MAX_VALUE / 0xffffffff;
const HIGH_BITS: u64 = EACH_BYTE * 0x80;

/** Bytes of the number at `at`: 1 to 10, or 0 when it is longer than a long can be. */
export function varintBytes(at: usize): usize {
  const stops = ~load<u64>(at) & HIGH_BITS;
  if (stops !== 0) return <usize>(ctz(stops) >> 3) + 1;
  if (load<u8>(at, 8) < 0x80) return 9;
  // The tenth byte holds the 64th bit and nothing else.
  return load<u8>(at, 9) <= 1 ? 10 : 0;
}

/** The number of `bytes` bytes at `at`, not yet zigzag decoded. */
export function varint(at: usize, bytes: usize): u64 {
  // Seven bits of each byte, moved together by pairs, fours and eights.
  let word = load<u64>(at) & (EACH_BYTE * 0x7f);
  if (bytes < 8) word &= ((<u64>1) << (bytes << 3)) - 1;
  word = (word & (EACH_PAIR * 0x7f)) | ((word & (EACH_PAIR * 0x7f00)) >> 1);
  word = (word & (EACH_FOUR * 0x3fff)) | ((word & (EACH_FOUR * 0x3fff0000)) >> 2);
  word = (word & 0xfffffff) | ((word >> 32) << 28);
  if (bytes > 8) word |= (<u64>(load<u8>(at, 8) & 0x7f)) << 56;
  if (bytes > 9) word |= (<u64>load<u8>(at, 9)) << 63;
  return word;
}

export function zigzag(raw: u64): i64 {
  return <i64>(raw >> 1) ^ -(<i64>raw & 1);
}

/**
 * Steps over `count` numbers by whole words; 0 when one of them needs a closer look: it has over eight bytes, or over
 * four where some are `ints` and could be out of range.
 */
export function skipVarints(at: usize, count: i64, ints: bool): usize {
  do {
    const word = load<u64>(at);
    let stops = ~word & HIGH_BITS;
    const found = <i64>popcnt(stops);
    if (found === 0) return 0;
    let last = 63 - clz(stops);
    if (found > count) {
      for (let left = count; left > 1; left--) stops &= stops - 1;
      last = ctz(stops);
    }
    if (ints) {
      const more = word & HIGH_BITS & (((<u64>2) << last) - 1);
      const pairs = more & (more >> 8);
      if ((pairs & (pairs >> 16)) !== 0) return 0;
    }
    if (last === 63) {
      at += 8;
    } else at += <usize>(last >> 3) + 1;
    count -= found;
  } while (count > 0);
  return at;
}
