import type { Block, KafkaBlocks, KafkaKey } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { acceptType } from '../source-plugin/memory-source.js';
import { line } from './json.js';
import { partitionOf } from './murmur2.js';

export interface ReferenceRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** The header that the core gives each record. */
export const CONTENT_TYPE = {
  avro: ['content-type', 'application/avro'],
  json: ['content-type', 'application/json'],
} as const;

function keyOf(record: Accept, key: KafkaKey): Buffer | null {
  if (key === 'none') return null;
  if (key !== 'process') return Buffer.from(String(record[key]));
  return Buffer.from(`${record.host_id || record.host}:${record.pid}:${record.process_start}`);
}

/** A record as a Kafka topic has it; `avro` is its datum as it came. */
export function referenceOf(
  record: Accept,
  { key, encoding, schemaId }: KafkaBlocks,
  avro: Uint8Array = acceptType.toBuffer(record),
): ReferenceRecord {
  const frame = Buffer.alloc(schemaId === undefined ? 0 : 5);
  if (schemaId !== undefined) frame.writeInt32BE(schemaId, 1);
  const datum = Buffer.concat([frame, avro]);
  return {
    key: keyOf(record, key),
    value: encoding === 'avro' ? datum : Buffer.from(line(record).trimEnd()),
    headers: [CONTENT_TYPE[encoding]],
    timestamp: Math.floor(record.event_time / 1000),
  };
}

/** The records of one partition as the core must write them. */
export function blockOf(partition: number, records: readonly ReferenceRecord[]): Block {
  const timestamps = records.map(({ timestamp }) => timestamp);
  const firstTimestamp = timestamps[0] ?? 0;
  return {
    partition,
    bytes: Buffer.concat(records.map((record, index) => encodeRecord(record, index, firstTimestamp))),
    records: records.length,
    firstTimestamp,
    maxTimestamp: Math.max(...timestamps),
  };
}

/** The blocks of a portion, by rising partition; all records of a portion without keys go to `keyless`. */
export function blocksOf(records: readonly ReferenceRecord[], partitions: number, keyless = 0): Block[] {
  const groups = new Map<number, ReferenceRecord[]>();
  for (const record of records) {
    const partition = record.key === null ? keyless : partitionOf(record.key, partitions);
    groups.set(partition, [...(groups.get(partition) ?? []), record]);
  }
  return [...groups].sort(([one], [other]) => one - other).map(([partition, group]) => blockOf(partition, group));
}

// length varint, then: attributes int8, timestamp delta varlong, offset delta varint, key and value with their varint
// lengths (null: -1), headers with their varint count.
function encodeRecord({ key, value, headers, timestamp }: ReferenceRecord, index: number, first: number): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    varint(timestamp - first),
    varint(index),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [sized(Buffer.from(name)), sized(Buffer.from(text))]),
  ]);
  return sized(body);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

/** Zigzag, then seven bits a byte, least first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.of(...bytes, Number(rest));
}
