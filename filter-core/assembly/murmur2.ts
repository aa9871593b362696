const SEED: u32 = 0x9747b28c;
const M: u32 = 0x5bd1e995;
const R: u32 = 24;

/** Kafka's murmur2 (org.apache.kafka.common.utils.Utils), by which the Java client places keys. */
export function murmur2(key: usize, length: i32): u32 {
  let hash: u32 = SEED ^ length;
  const tail = key + <usize>(length & ~3);
  for (; key < tail; key += 4) {
    let word = load<u32>(key) * M;
    word = (word ^ (word >> R)) * M;
    hash = (hash * M) ^ word;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (<u32>load<u8>(tail, 2)) << 16;
  if (rest >= 2) hash ^= (<u32>load<u8>(tail, 1)) << 8;
  if (rest >= 1) hash = (hash ^ load<u8>(tail)) * M;
  hash = (hash ^ (hash >> 13)) * M;
  return hash ^ (hash >> 15);
}
