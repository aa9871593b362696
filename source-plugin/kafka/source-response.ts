import { AcceptstreamError } from '../../schemas/error.js';

/** A transaction that was aborted: its records from that offset on are no reader's. */
export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What a broker sent of one partition. */
export interface Piece {
  readonly partition: number;
  /** Kafka's, 0 when all is well. */
  readonly errorCode: number;
  /** In the order of their offsets. */
  readonly aborted: readonly Aborted[];
  /** Record batches back to back; the last one may be cut off. */
  readonly batches: Buffer;
}

/** A Fetch response, version 11. */
export interface FetchResponse {
  /** How long (ms) the broker wants us to wait before the next request (KIP-219). */
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly pieces: readonly Piece[];
}

/** What is wrong with bytes that a broker sent. */
export function unreadable(what: string): AcceptstreamError {
  return new AcceptstreamError('MALFORMED', 'read from Kafka', `what the broker sent can't be read: ${what}`);
}

/** An int64 that counts or points: offsets fit a double. */
export const offsetAt = (bytes: Buffer, at: number): number => Number(bytes.readBigInt64BE(at));

/**
 * Fetch response v11 => throttle_time_ms int32, error_code int16, session_id int32, [topic], where
 * topic => name string, [partition => index int32, error_code int16, high_watermark int64, last_stable_offset int64,
 * log_start_offset int64, [producer_id int64, first_offset int64], preferred_read_replica int32, records bytes].
 *
 * Throws MALFORMED when the bytes are cut off.
 */
export function decodeFetch(bytes: Buffer): FetchResponse {
  const reader = new Reader(bytes);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.skip(4);
  const pieces = reader.array(() => {
    reader.skip(reader.int16());
    return reader.array(() => readPiece(reader));
  });
  return { clientSideThrottleTime, errorCode, pieces: pieces.flat() };
}

function readPiece(reader: Reader): Piece {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.skip(3 * 8);
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: Number(reader.int64()) }));
  reader.skip(4);
  return { partition, errorCode, aborted, batches: reader.bytes() };
}

/** Kafka's primitive types, one after the other. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#bytes.length) throw unreadable('a response is cut off');
    this.#at += bytes;
    return at;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.skip(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.skip(8));
  }

  /** A view; null counts as empty. */
  bytes(): Buffer {
    const size = Math.max(this.int32(), 0);
    const from = this.skip(size);
    return this.#bytes.subarray(from, from + size);
  }

  /** Null counts as empty. */
  array<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(item());
    return items;
  }
}
