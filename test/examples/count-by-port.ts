import { decodeAccepts, type Sink } from 'acceptstream';

/** Counts accepts by local port and prints the counts at the end. */
export function countByPort(): Sink {
  const counts = new Map<number, number>();
  return {
    async write(batch) {
      for (const { local_port } of decodeAccepts(batch.bytes))
        counts.set(local_port, (counts.get(local_port) ?? 0) + 1);
    },
    async close() {
      for (const [port, count] of counts) console.log(`port ${port}: ${count}`);
    },
  };
}
