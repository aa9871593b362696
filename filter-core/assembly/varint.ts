// Avro numbers: zigzag, seven bits a byte, lowest first, the high bit set on all but the last byte.

const HIGH_BITS: u64 = (u64.MAX_VALUE / 0xff) * 0x80;
/** The upper of each two groups of 7 and of 14 bits, and the bit behind 28. */
const UPPER_SEVENS: u64 = (u64.MAX_VALUE / 0xffff) * 0x7f00;
const UPPER_FOURTEENS: u64 = (u64.MAX_VALUE / 0xffffffff) * 0x3fff0000;
const TWENTY_EIGHTS: u64 = 0x10000000;

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

/** The high bits of the bytes of a word that end a number; 0 when what it begins with goes on behind the word. */
export function stopsOf(word: u64): u64 {
  return ~word & HIGH_BITS;
}

/** Bytes of the number that a word with these stops begins with. */
export function bytesUpTo(stops: u64): i32 {
  return <i32>(ctz(stops) >> 3) + 1;
}

/**
 * The number that a word with these stops begins with: the upper of two sevens, fourteens, twenty-eights moves down by one
 * bit, two, four, which is what taking it away 1, 3, 15 times does.
 */
export function rawOfWord(word: u64, stops: u64): u64 {
  const sevens = word & (stops ^ (stops - 1)) & ~HIGH_BITS;
  const fourteens = sevens - ((sevens & UPPER_SEVENS) >> 1);
  const halves = fourteens - 3 * ((fourteens & UPPER_FOURTEENS) >> 2);
  return halves - (halves >> 32) * (15 * TWENTY_EIGHTS);
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
