// Avro numbers: zigzag, seven bits a byte, lowest first, the high bit set on all but the last byte.

const HIGH_BITS: u64 = (u64.MAX_VALUE / 0xff) * 0x80;

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
