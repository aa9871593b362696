/**
 * One partition's records as records of Kafka's format v2 (KIP-98), back to back, without the header of their batch.
 * Their offset deltas count from 0 and their timestamp deltas are from `firstTimestamp`. Times are ms since the epoch.
 */
export interface Block {
  readonly partition: number;
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
}
