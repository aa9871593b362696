import { createInflateRaw, type InflateRaw, inflateRawSync } from 'node:zlib';
import { broken } from './broken.js';
import { BUFFER_BYTES, type Bytes } from './bytes.js';
import { decodeFrame, FRAME_MAX, type Frame } from './frame.js';
import { type Codec, SYNC_BYTES } from './header.js';

/** Bytes that are handed to zlib, or taken from it, at once. */
const PIECE_BYTES = 1 << 16;
const SMALL_PIECE_BYTES = 1 << 12;
/** Inflated bytes of a block that are held at once. */
const INFLATED_MAX = 1 << 20;
/** Avro's and fastavro's writers in Python leave a part of zlib's checksum behind the data of a block. */
const BEHIND_MAX = 4;
const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/** One block of a container. */
export interface Block {
  /** Where its data begin in the file. */
  readonly offset: number;
  readonly records: number;
  readonly isInflated: boolean;
  /** Its datums, inflated; of a large one the first come with `pieces`. Overwritten when a piece or a block is asked for. */
  readonly datums: Buffer;
  /** Of a large one, cut anywhere; one is overwritten when the next is asked for. */
  readonly pieces: AsyncGenerator<Buffer, void> | undefined;
}

/** A block that starts where the bytes read ahead do, and how many stand in front of its data. */
interface Found {
  readonly frame: Frame;
  readonly end: number;
}

const EMPTY = Buffer.alloc(0);

/** The blocks of a container, one after the other; only one of them is ever held, and of a large one only a piece. */
export class Blocks {
  readonly #bytes: Bytes;
  readonly #codec: Codec;
  readonly #sync: Buffer;

  constructor(bytes: Bytes, codec: Codec, sync: Buffer) {
    this.#bytes = bytes;
    this.#codec = codec;
    this.#sync = sync;
  }

  /** The next block, when all of it has been read ahead; waits for nothing. Throws as `next`. */
  here(): Block | undefined {
    const found = this.#find();
    return found && this.#bytes.ahead >= lengthOf(found) ? this.#take(found) : undefined;
  }

  /**
   * The next block, when it is all there; 'end' or 'short' when the file ends in front of it or within it. The pieces of
   * the last one must be used up. Throws MALFORMED at bytes that are none, also while pieces are asked for.
   */
  async next(): Promise<Block | 'end' | 'short'> {
    const there = await this.#bytes.need(FRAME_MAX);
    if (there === 0) return 'end';
    const found = this.#find();
    if (!found && there < FRAME_MAX) return 'short';
    if (!found) throw noBlock(this.#bytes.offset);
    return (await this.#bytes.has(lengthOf(found))) ? this.#take(found) : 'short';
  }

  #find(): Found | undefined {
    const { view, offset } = this.#bytes;
    const found = decodeFrame(view);
    if (found && (found.frame.records < 0 || found.frame.bytes < 0)) throw noBlock(offset);
    return found;
  }

  #take(found: Found): Block {
    const bytes = this.#bytes;
    const { frame, end } = found;
    const offset = bytes.offset + end;
    const datums = lengthOf(found) <= BUFFER_BYTES ? this.#datums(found) : undefined;
    bytes.skip(datums ? lengthOf(found) : end);
    const pieces = datums ? undefined : this.#pieces(frame.bytes);
    return { offset, records: frame.records, isInflated: this.#codec !== 'null', datums: datums ?? EMPTY, pieces };
  }

  /** All of a block that has been read ahead; undefined when it inflates to too much. */
  #datums({ frame, end: start }: Found): Buffer | undefined {
    const { view, offset } = this.#bytes;
    const end = start + frame.bytes;
    // Nothing of a block is believed before its end is seen, unless that is too far away.
    if (this.#sync.compare(view, end, end + SYNC_BYTES) !== 0) throw noMarker(offset + end);
    const data = view.subarray(start, end);
    return this.#codec === 'null' ? data : inflateAtOnce(data, offset + start);
  }

  async *#pieces(length: number): AsyncGenerator<Buffer, void> {
    yield* this.#codec === 'null' ? this.#data(length, BUFFER_BYTES) : this.#inflated(length);
    await this.#bytes.need(SYNC_BYTES);
    if (!this.#bytes.view.subarray(0, SYNC_BYTES).equals(this.#sync)) throw noMarker(this.#bytes.offset);
    this.#bytes.skip(SYNC_BYTES);
  }

  async *#data(length: number, most: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0; ) {
      await this.#bytes.need(1);
      const piece = this.#bytes.view.subarray(0, Math.min(left, most));
      if (piece.length === 0) throw broken(this.#bytes.offset, 'the file ends within a block');
      yield piece;
      this.#bytes.skip(piece.length);
      left -= piece.length;
    }
  }

  async *#inflated(length: number): AsyncGenerator<Buffer, void> {
    const { offset } = this.#bytes;
    const inflater = createInflateRaw();
    const fed = this.#feed(inflater, length);
    fed.catch((error: Error) => inflater.destroy(error));
    try {
      yield* inflater as AsyncIterable<Buffer>;
    } catch (error) {
      throw notDeflated(offset, error);
    }
    if (length - inflater.bytesWritten > BEHIND_MAX) {
      inflater.destroy();
      throw notDeflated(offset, undefined);
    }
    await fed;
  }

  // What is behind the end zlib never takes: who waited for that would wait for ever.
  async #feed(inflater: InflateRaw, length: number): Promise<void> {
    const done = new Promise<void>((resolve) => inflater.once('end', resolve).once('close', resolve));
    for await (const piece of this.#data(length, PIECE_BYTES)) {
      if (inflater.readableEnded && length - inflater.bytesWritten <= BEHIND_MAX) continue;
      if (inflater.destroyed) return;
      // zlib has a copy while the next ones are read.
      const taken = new Promise<void>((resolve) => inflater.write(Buffer.from(piece), () => resolve()));
      await Promise.race([taken, done]);
    }
    inflater.end();
  }
}

const lengthOf = ({ frame, end }: Found): number => end + frame.bytes + SYNC_BYTES;

/** Undefined when it is too much for one piece. Most blocks are small: a stream for each would cost more than this. */
function inflateAtOnce(bytes: Buffer, offset: number): Buffer | undefined {
  try {
    const chunkSize = Math.min(Math.max(8 * bytes.length, SMALL_PIECE_BYTES), PIECE_BYTES);
    const options = { info: true, chunkSize, maxOutputLength: INFLATED_MAX };
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as Inflated;
    if (bytes.length - engine.bytesWritten <= BEHIND_MAX) return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === TOO_LARGE) return undefined;
    throw notDeflated(offset, error);
  }
  throw notDeflated(offset, undefined);
}

/** What zlib answers with `info`, which its types do not know. */
interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten`: compressed bytes that it took. */
  readonly engine: { readonly bytesWritten: number };
}

function noBlock(offset: number) {
  return broken(offset, 'no block starts there');
}

function noMarker(offset: number) {
  return broken(offset, "a block does not end there with the file's sync marker");
}

function notDeflated(offset: number, error: unknown) {
  const reason = error instanceof Error ? error.message : 'there is more behind their end';
  return broken(offset, `the data of a block are not what deflate writes (${reason})`);
}
