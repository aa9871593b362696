import type { Core } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { type Block, Blocks } from './blocks.js';
import { broken, foreign } from './broken.js';
import { BUFFER_BYTES, Bytes } from './bytes.js';
import type { Input } from './input.js';
import { readHeader } from './read-header.js';

/** What a read has put into the core's input. */
export interface Filled {
  readonly target: Uint8Array;
  bytes: number;
  records: number;
}

const EMPTY = Buffer.alloc(0);

/** One container being read: moves its datums into the core's input, whole ones only. */
export class Container {
  /** Records that were moved. */
  records = 0;
  readonly #core: Core;
  readonly #bytes: Bytes;
  #blocks: Blocks | undefined;
  #schema: unknown;
  #block: Block | undefined;
  /** Of the block at hand: datums taken, bytes taken, and what is left of its last piece. */
  #taken = 0;
  #passed = 0;
  #piece: Buffer = EMPTY;
  /** What the file ends with, as far as it is known. */
  ending: 'end' | 'short' = 'short';

  constructor(input: Input, core: Core) {
    this.#core = core;
    this.#bytes = new Bytes(input);
  }

  /** Bytes that are behind. */
  get offset(): number {
    return this.#bytes.offset;
  }

  /**
   * Fills on until there is no 'room', or nothing more in the file as it is ('dry'). The core's input must be empty at the
   * first call: it is told the writer's schema. Throws MALFORMED; what was filled in before stands.
   */
  async fill(filled: Filled): Promise<'room' | 'dry'> {
    const blocks = this.#blocks ?? (await this.#start());
    if (!blocks) return 'dry';
    for (;;) {
      // Most blocks are small and have been read ahead: to wait for each would cost more than its records.
      const block = this.#block ?? blocks.here() ?? (await blocks.next());
      if (typeof block === 'string') return this.#lacks(block);
      if (block !== this.#block) this.#enter(block);
      if (!this.#take(filled, block)) return 'room';
      if (!block.pieces || !(await this.#nextPiece(block.pieces))) this.#leave(block);
    }
  }

  /** To be called before a fill when the core has read others in between. */
  resume(): void {
    if (this.#blocks) this.#use(this.#schema);
  }

  async #start(): Promise<Blocks | undefined> {
    const bytes = this.#bytes;
    let there = await bytes.need(1);
    let preamble = readHeader(bytes.view);
    for (let before = 0; !preamble && before < there; preamble = readHeader(bytes.view)) {
      before = there;
      there = await bytes.need(Math.min(2 * there, BUFFER_BYTES));
    }
    if (!preamble) {
      this.#lacks('short');
      return undefined;
    }
    this.#schema = preamble.schema;
    this.#use(this.#schema);
    bytes.skip(preamble.end);
    this.#blocks = new Blocks(bytes, preamble.codec, preamble.sync);
    return this.#blocks;
  }

  #use(schema: unknown): void {
    try {
      this.#core.useWriterSchema(schema);
    } catch (error) {
      throw error instanceof AcceptstreamError ? foreign(error.message) : error;
    }
  }

  #enter(block: Block): void {
    this.#block = block;
    [this.#taken, this.#passed, this.#piece] = [0, 0, block.datums];
  }

  // What is not whole yet may be cut off and written anew.
  #lacks(ending: 'end' | 'short'): 'dry' {
    this.ending = ending;
    this.#bytes.forget();
    return 'dry';
  }

  /** Takes what it can of the piece at hand; false when there is no room for the rest. */
  #take(filled: Filled, { records: most }: Block): boolean {
    const start = filled.bytes;
    const part = this.#piece.subarray(0, filled.target.length - start);
    const isAll = part.length === this.#piece.length;
    filled.target.set(part, start);
    const { records, end, behind } = this.#core.measure(start, start + part.length, most - this.#taken);
    filled.bytes = end;
    filled.records += records;
    this.records += records;
    this.#taken += records;
    this.#passed += end - start;
    this.#piece = this.#piece.subarray(end - start);
    if (behind === 'none') throw this.#broken('no record of its schema starts there');
    if (this.#piece.length > 0 && this.#taken === most) throw this.#broken(`a block of ${most} records goes on there`);
    return isAll;
  }

  /** Goes to the next piece of the block at hand, what is left of this one in front of it; false when there is none. */
  async #nextPiece(pieces: AsyncGenerator<Buffer, void>): Promise<boolean> {
    const rest = this.#piece.length > 0 ? Buffer.from(this.#piece) : EMPTY;
    const { value: piece } = await pieces.next();
    if (piece) this.#piece = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    return piece !== undefined;
  }

  #leave({ records: most }: Block): void {
    if (this.#piece.length > 0) throw this.#broken('a record is longer than its block');
    if (this.#taken < most) throw this.#broken(`a block of ${most} records ends behind ${this.#taken}`);
    this.#block = undefined;
  }

  #broken(reason: string): AcceptstreamError {
    const { offset = 0, isInflated = false } = this.#block ?? {};
    if (!isInflated) return broken(offset + this.#passed, reason);
    return broken(offset, `${reason}, at byte ${this.#passed} of the block's inflated data`);
  }
}
