// SHA-1 (FIPS 180-4, section 6.1.2) of one padded block: Community IDs hash 40 bytes at most.

/** A message of at most 55 bytes; hash() pads it. */
export const BLOCK: usize = memory.data(64, 16);
/** Five words, big-endian. */
export const DIGEST: usize = memory.data(24, 16);
const SCHEDULE: usize = memory.data(80 * 4, 16);
const INITIAL: usize = memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);

function pad(length: usize): void {
  memory.fill(BLOCK + length, 0, 64 - length);
  store<u8>(BLOCK + length, 0x80);
  store<u16>(BLOCK, bswap<u16>(<u16>(length << 3)), 62);
}

function schedule(): void {
  for (let index: usize = 0; index < 64; index += 4) store<u32>(SCHEDULE + index, bswap<u32>(load<u32>(BLOCK + index)));
  for (let word = SCHEDULE + 64; word < SCHEDULE + 320; word += 4) {
    const mixed = load<u32>(word - 12) ^ load<u32>(word - 32) ^ load<u32>(word - 56) ^ load<u32>(word - 64);
    store<u32>(word, rotl<u32>(mixed, 1));
  }
}

/** The function and constant of a round, which change every twenty rounds. */
function mix(round: i32, b: u32, c: u32, d: u32): u32 {
  if (round < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function putWord(index: usize, value: u32): void {
  store<u32>(DIGEST + (index << 2), bswap<u32>(load<u32>(INITIAL + (index << 2)) + value));
}

/** Hashes the first `length` bytes of BLOCK to DIGEST. */
export function hash(length: usize): void {
  pad(length);
  schedule();
  let a = load<u32>(INITIAL);
  let b = load<u32>(INITIAL, 4);
  let c = load<u32>(INITIAL, 8);
  let d = load<u32>(INITIAL, 12);
  let e = load<u32>(INITIAL, 16);
  for (let round = 0; round < 80; round++) {
    const next = rotl<u32>(a, 5) + mix(round, b, c, d) + e + load<u32>(SCHEDULE + ((<usize>round) << 2));
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  putWord(0, a);
  putWord(1, b);
  putWord(2, c);
  putWord(3, d);
  putWord(4, e);
}
