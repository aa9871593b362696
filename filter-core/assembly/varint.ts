// Avro numbers: zigzag, seven bits a byte, lowest first, the high bit set on all but the last byte.

const HIGH_BITS: u64 = (u64.MAX_VALUE / 0xff) * 0x80;
/** The lower of each two groups of 7, 14 and 28 bits. */
const SEVENS: u64 = (u64.MAX_VALUE / 0xffff) * 0x7f;
const FOURTEENS: u64 = (u64.MAX_VALUE / 0xffffffff) * 0x3fff;
const TWENTY_EIGHTS: u64 = 0xfffffff;

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
    at += <usize>(last >> 3) + 1;
    count -= found;
  } while (count > 0);
  return at;
}

/** Bytes of the number that a word begins with; 0 when it goes on behind the word. */
export function shortVarintBytes(word: u64): i32 {
  const stops = ~word & HIGH_BITS;
  return stops === 0 ? 0 : <i32>(ctz(stops) >> 3) + 1;
}

/** The number in the first `bytes` (1 to 8) of a word: pairs of sevens, of fourteens, of twenty-eights are closed up. */
export function rawOfWord(word: u64, bytes: i32): u64 {
  const sevens = word & (u64.MAX_VALUE >> ((<u64>(8 - bytes)) << 3)) & ~HIGH_BITS;
  const fourteens = (sevens & SEVENS) | ((sevens >> 1) & (SEVENS << 7));
  const halves = (fourteens & FOURTEENS) | ((fourteens >> 2) & (FOURTEENS << 14));
  return (halves & TWENTY_EIGHTS) | ((halves >> 4) & (TWENTY_EIGHTS << 28));
}

function rawOf(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

/** Bytes that a number takes. */
export function varintLength(value: i64): i32 {
  return (70 - <i32>clz(rawOf(value) | 1)) / 7;
}

/** Writes a number; answers the byte behind it. */
export function putVarint(out: usize, value: i64): usize {
  let raw = rawOf(value);
  while (raw >= 0x80) {
    store<u8>(out++, <u8>raw | 0x80);
    raw >>= 7;
  }
  store<u8>(out, <u8>raw);
  return out + 1;
}
