import { AcceptstreamError } from '../schemas/error.js';
import type { CoreModule } from './module.js';

/** What a record's key is, in raw UTF-8. `process`: host_id (else host), pid and process_start, joined by colons. */
export const KAFKA_KEYS = ['none', 'host', 'remote_address', 'local_port', 'process'] as const;
export type KafkaKey = (typeof KAFKA_KEYS)[number];

/** How records become Kafka's. */
export interface KafkaBlocks {
  /** Partitions of the topic, 1 to 10000. Keys are placed as Java's client does it; without a key blocks take turns. */
  readonly partitions: number;
  readonly key: KafkaKey;
  /** Values: the Avro datum, or a flat JSON object. The header content-type says which. */
  readonly encoding: 'avro' | 'json';
  /** With it, Avro values get the Confluent framing: 0x00 and the schema id. */
  readonly schemaId?: number;
}

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

const INT32_MAX = 2 ** 31 - 1;

function refuse(operation: string, message: string): never {
  throw new AcceptstreamError('USAGE', operation, message);
}

function check(module: CoreModule, { partitions, key, encoding, schemaId }: KafkaBlocks): void {
  const most = module.PARTITIONS_MAX.value;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > most)
    refuse('kafka.partitions', `partitions must be from 1 to ${most}, not ${partitions}`);
  if (!KAFKA_KEYS.includes(key)) refuse('kafka.key', `key must be one of ${KAFKA_KEYS.join(', ')}, not ${key}`);
  if (encoding !== 'avro' && encoding !== 'json') refuse('kafka.encoding', 'encoding must be avro or json');
  if (schemaId === undefined) return;
  if (encoding === 'json') refuse('kafka.schemaId', 'only the encoding avro has a schema id');
  if (!Number.isInteger(schemaId) || schemaId < 0 || schemaId > INT32_MAX)
    refuse('kafka.schemaId', `schemaId must be from 0 to ${INT32_MAX}, not ${schemaId}`);
}

/** One header as a record holds it: count, then length and bytes of key and value; each length is one zigzag byte. */
function contentType(type: string): Uint8Array {
  const texts = ['content-type', type].flatMap((text) => [text.length * 2, ...new TextEncoder().encode(text)]);
  return Uint8Array.of(2, ...texts);
}

/**
 * Makes a core write blocks instead of what its format alone would give.
 *
 * @throws AcceptstreamError USAGE naming the option that can't be used.
 */
export function setBlocks(module: CoreModule, options: KafkaBlocks): void {
  check(module, options);
  const headers = contentType(`application/${options.encoding}`);
  new Uint8Array(module.memory.buffer, module.HEADERS.value, module.HEADERS_MAX.value).set(headers);
  const keys = [
    module.KEY_NONE,
    module.KEY_HOST,
    module.KEY_REMOTE_ADDRESS,
    module.KEY_LOCAL_PORT,
    module.KEY_PROCESS,
  ].map((cell) => cell.value);
  if (options.encoding === 'json') module.setLines(module.JSON.value);
  module.setBlocks();
  const key = keys[KAFKA_KEYS.indexOf(options.key)] ?? 0;
  module.setKafka(options.partitions, key, options.schemaId ?? -1, headers.length);
}

/** The blocks of the last run; their bytes are views of `output`. */
export function readBlocks(module: CoreModule, output: Uint8Array): Block[] {
  const stride = module.BLOCK_BYTES.value;
  return Array.from({ length: module.blocks.value }, (_, index) => {
    const view = new DataView(module.memory.buffer, module.BLOCKS.value + index * stride, stride);
    const offset = view.getInt32(4, true);
    return {
      partition: view.getInt32(0, true),
      bytes: output.subarray(offset, offset + view.getInt32(8, true)),
      records: view.getInt32(12, true),
      firstTimestamp: view.getFloat64(16, true),
      maxTimestamp: view.getFloat64(24, true),
    };
  });
}
