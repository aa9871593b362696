import type { Input } from './input.js';

/** How far is read ahead. */
export const BUFFER_BYTES = 1 << 20;

/** Looks ahead in an input. */
export class Bytes {
  /** In the input, of the first byte of `view`. */
  offset = 0;
  readonly input: Input;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #from = 0;
  #to = 0;

  constructor(input: Input) {
    this.input = input;
  }

  /** What has been read ahead; overwritten by the next call of `need`. */
  get view(): Buffer {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  /** Bytes of `view`. */
  get ahead(): number {
    return this.#to - this.#from;
  }

  /** Reads ahead until `view` has so many bytes (at most BUFFER_BYTES), or there are no more. Answers how many it has. */
  async need(bytes: number): Promise<number> {
    while (this.ahead < bytes) {
      this.#compact();
      const read = await this.input.read(this.#buffer.subarray(this.#to), this.offset + this.ahead);
      if (read === 0) break;
      this.#to += read;
    }
    return this.ahead;
  }

  /** Whether so many bytes are to be had; a pipe is believed to have what does not fit into the buffer. */
  async has(bytes: number): Promise<boolean> {
    if (bytes <= BUFFER_BYTES) return (await this.need(bytes)) >= bytes;
    return this.input.size() - this.offset >= bytes;
  }

  skip(bytes: number): void {
    this.#from += bytes;
    this.offset += bytes;
  }

  /** Forgets what was read ahead of a file: its end may be cut off and written anew. */
  forget(): void {
    if (this.input.isFile) [this.#from, this.#to] = [0, 0];
  }

  #compact(): void {
    this.#buffer.copyWithin(0, this.#from, this.#to);
    [this.#from, this.#to] = [0, this.ahead];
  }
}
