import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ForwardConfig } from '../config/types.js';
import type { Batch } from '../contracts.js';
import { packedBytes, packedList, packedMap, packedNumber, packedText } from './msgpack.js';

const compress = promisify(gzip);
const ID_BYTES = 16;

/** A batch as it goes to a server, as often as it has to. */
export interface Chunk {
  /** What the server acknowledges; the same whenever this chunk is sent. */
  readonly id: string;
  readonly records: number;
  /** The message, in pieces; that of a batch that is not compressed is a view of the core's. */
  readonly pieces: readonly Uint8Array[];
}

/**
 * Puts entries into a message of (Compressed)PackedForward mode:
 * [tag, bin of entries, {size: count, chunk: id, compressed: "gzip" if so}]
 */
export async function packChunk(
  { bytes, records }: Batch,
  { tag, compression }: Pick<ForwardConfig, 'tag' | 'compression'>,
  id: string = randomBytes(ID_BYTES).toString('base64'),
): Promise<Chunk> {
  const isCompressed = compression === 'gzip';
  const entries = isCompressed ? await compress(bytes) : bytes;
  const head = [packedList(3), packedText(tag), packedBytes(entries.length)];
  const options = [packedText('size'), packedNumber(records), packedText('chunk'), packedText(id)];
  if (isCompressed) options.push(packedText('compressed'), packedText('gzip'));
  return {
    id,
    records,
    pieces: [Buffer.concat(head), entries, Buffer.concat([packedMap(options.length / 2), ...options])],
  };
}
