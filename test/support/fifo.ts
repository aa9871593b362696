import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real pipe (what Node gives a child is a socket). Nobody reads it until told to. */
export class Fifo {
  readonly #folder = mkdtempSync(join(tmpdir(), 'acceptstream-fifo-'));
  readonly #reader: number;
  /** For the child's stdout; close it here once the child has it. */
  readonly writer: number;
  #text = '';
  #readerOpen = true;

  constructor() {
    const path = join(this.#folder, 'pipe');
    execFileSync('mkfifo', [path]);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(path, constants.O_WRONLY);
  }

  closeWriter(): void {
    closeSync(this.writer);
  }

  /** Reads what is there; returns all that was read so far. */
  read(): string {
    const buffer = Buffer.alloc(1 << 16);
    for (;;) {
      const bytes = this.#readSome(buffer);
      if (bytes === 0) return this.#text;
      this.#text += buffer.toString('latin1', 0, bytes);
    }
  }

  closeReader(): void {
    if (this.#readerOpen) closeSync(this.#reader);
    this.#readerOpen = false;
  }

  remove(): void {
    this.closeReader();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #readSome(buffer: Buffer): number {
    try {
      return readSync(this.#reader, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
