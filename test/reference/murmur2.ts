const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const SHIFT = 24;

/** MurmurHash2 as Kafka's Java client computes it (org.apache.kafka.common.utils.Utils.murmur2), as an int32. */
export function murmur2(bytes: Buffer): number {
  const whole = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MIX);
    word = Math.imul(word ^ (word >>> SHIFT), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  for (let left = bytes.length - 1; left >= whole; left--) hash ^= bytes.readUInt8(left) << (8 * (left - whole));
  if (bytes.length > whole) hash = Math.imul(hash, MIX);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, as the Java client's own partitioner places it. */
export function partitionOf(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
