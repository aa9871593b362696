import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { Batch } from '../contracts.js';
import { encodeFrame } from './frame.js';
import { type Codec, encodeHeader, SYNC_BYTES } from './header.js';

const deflate = promisify(deflateRaw);

/** Records come out a tenth larger than at zlib's own level 6, in a third of its time. */
const LEVEL = 3;

/** Makes the parts of one Avro Object Container File. */
export class ContainerWriter {
  /** What the file starts with. */
  readonly header: Buffer;
  readonly #codec: Codec;
  readonly #sync: Buffer;

  constructor(codec: Codec, sync: Buffer = randomBytes(SYNC_BYTES)) {
    this.#codec = codec;
    this.#sync = sync;
    this.header = encodeHeader(codec, sync);
  }

  /**
   * A batch of datums as one block, in pieces that stand back to back in the file. A piece may be a view of the batch.
   * Uncompressed it is as large as the batch, so that what the core took out in one go goes in again in one go.
   */
  async block({ bytes, records }: Batch): Promise<readonly Uint8Array[]> {
    const data = this.#codec === 'deflate' ? await deflate(bytes, { level: LEVEL }) : bytes;
    return [encodeFrame({ records, bytes: data.length }), data, this.#sync];
  }
}
