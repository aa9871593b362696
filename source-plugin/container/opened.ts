import { stat } from 'node:fs/promises';
import type { Core } from '../../filter-core/index.js';
import { broken } from './broken.js';
import { Container, type Filled } from './container.js';
import { type Input, openInput } from './input.js';
import { finished, PART } from './names.js';

/** A recording being read, by the name that it had when it was opened. */
export class OpenedRecording {
  readonly path: string;
  readonly input: Input;
  readonly container: Container;
  /** Bytes that it had when the last fill began: when no more have come since it was dry, it still is. */
  #looked = -1;

  private constructor(path: string, input: Input, core: Core) {
    this.path = path;
    this.input = input;
    this.container = new Container(input, core);
  }

  /** Throws SINK that names it. */
  static async open(path: string, core: Core, signal: AbortSignal): Promise<OpenedRecording> {
    return new OpenedRecording(path, await openRecording(path, signal), core);
  }

  /** As Container.fill; throws MALFORMED also for a file that is shorter than what was read of it. */
  async fill(filled: Filled): Promise<'room' | 'dry'> {
    this.#looked = this.input.size();
    const { offset } = this.container;
    if (this.#looked < offset) throw broken(this.#looked, `the file was cut there after ${offset} bytes had been read`);
    return this.container.fill(filled);
  }

  get hasChanged(): boolean {
    return this.input.size() !== this.#looked;
  }

  get isPart(): boolean {
    return this.path.endsWith(PART);
  }

  /** Whether its recorder has not given it its name yet. */
  async isUnfinished(): Promise<boolean> {
    if (!this.isPart) return false;
    const there = await stat(this.path).catch(() => undefined);
    return there !== undefined && this.input.isSame(there);
  }

  /** How it is called in messages. */
  get name(): string {
    return this.path === '-' ? 'stdin' : this.path;
  }

  /** What was read of it, in words. */
  get before(): string {
    const { records } = this.container;
    if (records === 0) return 'no record was read';
    return records === 1 ? 'the record before it was read' : `the ${records} records before it were read`;
  }
}

// Between listing and opening its recorder may have finished it.
async function openRecording(path: string, signal: AbortSignal): Promise<Input> {
  try {
    return await openInput(path, signal);
  } catch (error) {
    if (finished(path) === path) throw error;
    return openInput(finished(path), signal).catch(() => {
      throw error;
    });
  }
}
