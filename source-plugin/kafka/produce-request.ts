import type { CompressionTypes as CompressionType } from 'kafkajs';
import { crc32c } from './crc32c.js';
import { CompressionCodecs, CompressionTypes } from './kafkajs.js';
import type { BlockRecords } from './messages.js';

/** What kafkajs 2.2.4 has a request made of, when all messages are blocks. */
export interface BlockFields extends ProducerState {
  readonly acks: number;
  /** ms */
  readonly timeout: number;
  readonly topicData: readonly TopicFields[];
}

interface TopicFields {
  readonly topic: string;
  readonly partitions: readonly PartitionFields[];
}

interface ProducerState {
  readonly compression: CompressionType;
  /** An int64 in decimal. */
  readonly producerId: string;
  readonly producerEpoch: number;
}

interface PartitionFields {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: BlockRecords;
}

const INT16 = 2;
const INT32 = 4;
const NULL_STRING = -1;
const MAGIC = 2;
const CRC_AT = 17;
/** What the CRC covers starts here. */
const ATTRIBUTES_AT = 21;
const BATCH_HEADER_BYTES = 61;
/** Base offset and length, which the length does not count. */
const UNCOUNTED_BYTES = 12;

/**
 * The body of a Produce request in versions 3 to 7, which brokers speak that know idempotence, in pieces. Records that are
 * not compressed are those of the blocks.
 *
 * transactional id string · acks int16 · timeout int32 · count of topics int32 · topics: name string ·
 * count of partitions int32 · partitions: number int32 · bytes of the batch int32 · batch
 */
export async function produceBody(fields: BlockFields): Promise<Uint8Array[]> {
  const { acks, timeout, topicData } = fields;
  const pieces: Uint8Array[] = [integers(INT16, NULL_STRING, acks), integers(INT32, timeout, topicData.length)];
  for (const { topic, partitions } of topicData) {
    const name = Buffer.from(topic);
    pieces.push(integers(INT16, name.length), name, integers(INT32, partitions.length));
    for (const partition of partitions) pieces.push(...(await partitionPieces(partition, fields)));
  }
  return pieces;
}

async function partitionPieces(partition: PartitionFields, producer: ProducerState): Promise<Uint8Array[]> {
  const records = await compressed(producer.compression, partition.messages.block.bytes);
  const header = batchHeader(records, partition, producer);
  return [integers(INT32, partition.partition, header.length + records.length), header, records];
}

function integers(size: number, ...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * size);
  values.forEach((value, index) => {
    bytes.writeIntBE(value, index * size, size);
  });
  return bytes;
}

async function compressed(type: CompressionType, bytes: Uint8Array): Promise<Uint8Array> {
  if (type === CompressionTypes.None) return bytes;
  const codec = CompressionCodecs[type]();
  return codec.compress({ buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) });
}

/**
 * What stands before the records of a batch (KIP-98): base offset int64 · length int32 · leader epoch int32 · magic int8 ·
 * CRC uint32 · attributes int16 · last offset delta int32 · first and maximum timestamp int64 · producer id int64 ·
 * producer epoch int16 · first sequence int32 · count of records int32
 */
function batchHeader(
  records: Uint8Array,
  { messages, firstSequence }: PartitionFields,
  producer: ProducerState,
): Buffer {
  const { block } = messages;
  const header = Buffer.alloc(BATCH_HEADER_BYTES);
  header.writeInt32BE(BATCH_HEADER_BYTES - UNCOUNTED_BYTES + records.length, 8);
  header.writeInt8(MAGIC, 16);
  let at = header.writeInt16BE(producer.compression, ATTRIBUTES_AT);
  at = header.writeInt32BE(block.records - 1, at);
  at = header.writeBigInt64BE(BigInt(block.firstTimestamp), at);
  at = header.writeBigInt64BE(BigInt(block.maxTimestamp), at);
  at = header.writeBigInt64BE(BigInt(producer.producerId), at);
  at = header.writeInt16BE(producer.producerEpoch, at);
  at = header.writeInt32BE(firstSequence, at);
  header.writeInt32BE(block.records, at);
  header.writeUInt32BE(crc32c(records, crc32c(header.subarray(ATTRIBUTES_AT))), CRC_AT);
  return header;
}
