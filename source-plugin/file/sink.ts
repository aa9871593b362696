import { mkdirSync, rmSync } from 'node:fs';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import { PART } from '../container/names.js';
import type { Batch, Sink } from '../contracts.js';
import { fileError } from './errors.js';
import { type Retention, rename, retain } from './finish.js';
import { finishLeftovers } from './leftovers.js';
import { type Lock, lockTarget } from './lock.js';
import { nextPath, type Target, targetOf } from './names.js';
import { Recording } from './recording.js';

export interface FileOptions extends Retention {
  /** Absolute, with the ending .avro: time and a number come before it. */
  readonly path: string;
  readonly compression: 'none' | 'deflate';
  /** A file is finished once it has that many bytes, or is that old. */
  readonly rotate_bytes: number;
  readonly rotate_ms: number;
}

/** What happens beside the writes. */
export interface FileEvents {
  /** What an operator should know. */
  onWarn(message: string): void;
  /** What goes as configured. */
  onNote(message: string): void;
}

/**
 * Opens a sink that writes Avro Object Container Files. Creates the folder, not those above it; finishes what an earlier
 * run left. A batch is safe when the kernel has it whole: no end of this process loses it, a power cut may take the last
 * second of it. Rejects with SINK; after a write that failed the next one goes on where the last whole block ended.
 */
export function openFileSink(options: FileOptions, events: FileEvents): Sink {
  const target = targetOf(options.path);
  createFolder(target);
  const lock = lockTarget(target);
  try {
    if (lock.isFirst) finishLeftovers(target, events.onWarn);
    retainNow(target, options, events);
    return new FileSink({ target, lock, options, events });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Parts {
  readonly target: Target;
  readonly lock: Lock;
  readonly options: FileOptions;
  readonly events: FileEvents;
}

class FileSink implements Sink {
  readonly #parts: Parts;
  /** Opened by the first record after the last one was finished: a quiet day leaves no empty files. */
  #recording: Recording | undefined;
  #age: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async write(batch: Batch): Promise<void> {
    await this.#inTurn(() => this.#write(batch));
    const recording = this.#recording;
    // The batch is safe whatever becomes of this.
    if (recording && recording.bytes >= this.#parts.options.rotate_bytes) this.#rotateInTurn(recording);
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      await this.#retire().finally(() => this.#parts.lock.release());
    });
  }

  // Writes, the end of a file by size or age, and close wait for each other.
  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #rotateInTurn(recording: Recording): void {
    void this.#inTurn(() => this.#rotate(recording));
  }

  async #rotate(recording: Recording): Promise<void> {
    if (this.#recording !== recording) return;
    await this.#retire().catch((error) => this.#parts.events.onWarn(reasonOf(error)));
  }

  async #retire(): Promise<void> {
    const { target, options, events } = this.#parts;
    await this.#finish();
    retainNow(target, options, events);
  }

  async #write(batch: Batch): Promise<void> {
    if (this.#isClosed) throw new AcceptstreamError('SINK', 'write file', 'the sink is closed');
    const recording = this.#recording ?? (await this.#open());
    try {
      await recording.write(batch);
    } catch (error) {
      if (recording.records === 0 || recording.isBroken) await this.#finish().catch(() => {});
      throw error;
    }
    if (!recording.isDeleted) return;
    await this.#finish();
    await this.#write(batch);
  }

  async #open(): Promise<Recording> {
    const { target, options } = this.#parts;
    const codec = options.compression === 'none' ? 'null' : options.compression;
    const recording = await Recording.create(`${nextIn(target)}${PART}`, codec);
    this.#recording = recording;
    this.#age = setTimeout(() => this.#rotateInTurn(recording), options.rotate_ms);
    this.#age.unref();
    return recording;
  }

  async #finish(): Promise<void> {
    const recording = this.#recording;
    if (!recording) return;
    this.#recording = undefined;
    clearTimeout(this.#age);
    try {
      await recording.flush();
      this.#publish(recording);
    } finally {
      await recording.close();
    }
  }

  #publish({ path, records, bytes, isDeleted }: Recording): void {
    const { onNote, onWarn } = this.#parts.events;
    try {
      if (isDeleted) onWarn(`${path} was deleted before it was finished, with ${records} records`);
      else if (records === 0) rmSync(path);
      else onNote(`finished ${rename(path)}: ${records} records, ${bytes} bytes`);
    } catch (cause) {
      throw fileError('finish', path, cause);
    }
  }
}

function createFolder({ folder }: Target): void {
  try {
    mkdirSync(folder, 0o700);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError('create', folder, cause);
  }
}

function nextIn(target: Target): string {
  try {
    return nextPath(target, new Date());
  } catch (cause) {
    throw fileError('write to', target.folder, cause);
  }
}

function retainNow(target: Target, options: FileOptions, { onNote }: FileEvents): void {
  try {
    retain(target, options, onNote);
  } catch (cause) {
    throw fileError('delete old files in', target.folder, cause);
  }
}
