import { AcceptstreamError } from '../../schemas/error.js';
import { registerZstd } from './compression.js';
import { CompressionCodecs, CompressionTypes } from './kafkajs.js';
import { type Aborted, offsetAt, type Piece, unreadable } from './source-response.js';

/** Record batch, format 2 (KIP-98): where its fields are. What stands between is of no use to a reader. */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** What the length does not count. */
const BEFORE_LENGTH = 12;
const MAGIC = 2;

const COMPRESSION = 0x07;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The type of a marker that aborts a transaction, and where a marker's record has it. */
const ABORT = 0;
const MARKER_TYPE_AT = 7;

export interface RecordBatch {
  readonly firstOffset: number;
  /** Behind its last record, whether that is still there or compacted away. */
  readonly nextOffset: number;
  /** Records that a reader gets; 0 for a marker and for what an aborted transaction wrote. */
  readonly count: number;
  readonly compression: number;
  /** Records back to back, compressed or not. */
  readonly records: Buffer;
}

/** The whole batches of a piece. Throws MALFORMED at bytes that are none. */
export function* batchesOf({ batches, aborted }: Piece): Generator<RecordBatch, void> {
  const transactions = new AbortedTransactions(aborted);
  let at = 0;
  for (let end = endOfBatch(batches, at); end <= batches.length; end = endOfBatch(batches, at)) {
    yield readBatch(batches.subarray(at, end), transactions);
    at = end;
  }
  if (at === 0 && batches.length > 0) throw unreadable('a record batch is cut off');
}

function endOfBatch(bytes: Buffer, at: number): number {
  if (at + RECORDS_AT > bytes.length) return Number.POSITIVE_INFINITY;
  if (bytes[at + MAGIC_AT] !== MAGIC) throw unreadable(`records of format ${bytes[at + MAGIC_AT]}, not ${MAGIC}`);
  const end = at + BEFORE_LENGTH + bytes.readInt32BE(at + LENGTH_AT);
  if (end < at + RECORDS_AT) throw unreadable('a record batch is shorter than its header');
  return end;
}

function readBatch(bytes: Buffer, transactions: AbortedTransactions): RecordBatch {
  const firstOffset = offsetAt(bytes, 0);
  const lastOffset = firstOffset + bytes.readInt32BE(LAST_OFFSET_DELTA_AT);
  if (lastOffset < firstOffset) throw unreadable('a record batch ends before it starts');
  const records = bytes.subarray(RECORDS_AT);
  const compression = bytes.readInt16BE(ATTRIBUTES_AT) & COMPRESSION;
  const count = transactions.hides(bytes, lastOffset) ? 0 : bytes.readInt32BE(COUNT_AT);
  return { firstOffset, nextOffset: lastOffset + 1, count, compression, records };
}

/** Which batches of a piece no reader gets, asked in their order. */
class AbortedTransactions {
  readonly #ahead: Aborted[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly Aborted[]) {
    this.#ahead = aborted.toSorted((one, other) => other.firstOffset - one.firstOffset);
  }

  hides(batch: Buffer, lastOffset: number): boolean {
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    const producerId = batch.readBigInt64BE(PRODUCER_ID_AT);
    while ((this.#ahead.at(-1)?.firstOffset ?? Number.POSITIVE_INFINITY) <= lastOffset)
      this.#open.add(this.#ahead.pop()?.producerId ?? -1n);
    if ((attributes & CONTROL) === 0) return (attributes & TRANSACTIONAL) !== 0 && this.#open.has(producerId);
    if (isAbort(batch.subarray(RECORDS_AT))) this.#open.delete(producerId);
    return true;
  }
}

// Length, attributes, both deltas and the key's length are one byte each; the key is a version and a type, int16 both.
function isAbort(record: Buffer): boolean {
  return record.length >= MARKER_TYPE_AT + 2 && record.readInt16BE(MARKER_TYPE_AT) === ABORT;
}

/** The records of a batch as they were before their compression. */
export async function inflate({ compression, records }: RecordBatch): Promise<Buffer> {
  if (compression === CompressionTypes.None) return records;
  if (compression === CompressionTypes.ZSTD) await registerZstd();
  else if (compression !== CompressionTypes.GZIP) throw unknownCompression(compression);
  try {
    return await CompressionCodecs[compression]().decompress(records);
  } catch (cause) {
    throw unreadable(`compressed records (${(cause as Error).message})`);
  }
}

function unknownCompression(compression: number): AcceptstreamError {
  const name = { 2: 'snappy', 3: 'lz4' }[compression] ?? `method ${compression}`;
  const remedy = 'this program reads gzip, zstd and uncompressed records';
  return new AcceptstreamError('SINK', 'read from Kafka', `the topic holds records compressed by ${name}: ${remedy}`);
}
