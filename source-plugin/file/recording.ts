import { constants, fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Codec } from '../container/header.js';
import { ContainerWriter } from '../container/writer.js';
import type { Batch } from '../contracts.js';
import { fileError } from './errors.js';
import { syncFolder } from './finish.js';

/** Nothing may have the name, a link neither. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** How old (ms) what is written may get before the disk has it too: what a power cut may take. */
const SYNC_MS = 1000;

/**
 * A new container of records, mode 0600. It always ends with a whole block, but for the moment of a write: what a failed
 * one left is cut off. Calls come one at a time.
 */
export class Recording {
  readonly path: string;
  /** Bytes of the file, all of them written. */
  bytes = 0;
  records = 0;
  readonly #file: FileHandle;
  readonly #writer: ContainerWriter;
  readonly #timer: NodeJS.Timeout;
  #isDirty = false;
  #synced: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  private constructor(path: string, file: FileHandle, codec: Codec) {
    this.path = path;
    this.#file = file;
    this.#writer = new ContainerWriter(codec);
    this.#timer = setInterval(() => void this.#sync(), SYNC_MS);
    this.#timer.unref();
  }

  /** Creates the file; throws SINK when there is anything by that name, a link too. */
  static async create(path: string, codec: Codec): Promise<Recording> {
    try {
      const recording = new Recording(path, await open(path, NEW_FILE, 0o600), codec);
      syncFolder(dirname(path));
      return recording;
    } catch (cause) {
      throw fileError('create', path, cause);
    }
  }

  /** Writes the header alone, if nothing was written yet. */
  async begin(): Promise<void> {
    if (this.bytes === 0) await this.#append([this.#writer.header]);
  }

  /** Resolves when the kernel has the block whole. Throws SINK; the file is as it was then. */
  async write(batch: Batch): Promise<void> {
    if (this.#failure) throw this.#failure;
    const block = await this.#writer.block(batch);
    await this.#append(this.bytes === 0 ? [this.#writer.header, ...block] : block);
    this.records += batch.records;
  }

  /** Whether the disk may lack something that was written: the kernel tells so once, and no later write can be trusted. */
  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether somebody removed the file: what is written to it is lost. */
  get isDeleted(): boolean {
    return fstatSync(this.#file.fd).nlink === 0;
  }

  /** Resolves when the disk has all; the file stays open. Throws SINK. */
  async flush(): Promise<void> {
    await this.#sync();
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#file.close();
  }

  async #append(pieces: readonly Uint8Array[]): Promise<void> {
    try {
      const length = await writeWhole(this.#file, pieces, this.bytes);
      this.bytes += length;
      this.#isDirty = true;
    } catch (cause) {
      await this.#cut();
      throw fileError('write', this.path, cause);
    }
  }

  async #cut(): Promise<void> {
    try {
      await this.#file.truncate(this.bytes);
    } catch (cause) {
      this.#failure = fileError('write', this.path, cause);
    }
  }

  // One at a time: who flushes waits for the one under way, and hears what it found.
  #sync(): Promise<void> {
    this.#synced = this.#synced.then(() => this.#syncOnce());
    return this.#synced;
  }

  async #syncOnce(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await this.#file.datasync();
    } catch (cause) {
      this.#failure = fileError('write', this.path, cause);
    }
  }
}

/** One call for all pieces; more only where the system takes less. Returns the bytes. */
async function writeWhole(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<number> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let { bytesWritten: done } = await file.writev(pieces, position);
  if (done === length) return length;
  const all = Buffer.concat(pieces);
  while (done < length) done += (await file.write(all, done, length - done, position + done)).bytesWritten;
  return length;
}
