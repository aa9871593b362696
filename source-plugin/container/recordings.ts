import { type Stats, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AcceptstreamError } from '../../schemas/error.js';
import { unreadable } from './input.js';
import { finished, PART } from './names.js';

const RECORDING = /\.avro(?:\.part)?$/;

/** Files in the order in which they are read: those given, and those of given folders by their names. */
export class Recordings {
  /** Bytes of all that are known; Infinity with a pipe among them. */
  bytes = 0;
  readonly #ahead: string[] = [];
  /** The last path, when it is a folder. */
  #folder: string | undefined;
  readonly #seen = new Set<string>();

  /** Throws SINK for a path that can't be read, and for a folder without recordings. */
  async add(path: string): Promise<void> {
    this.#folder = undefined;
    const stats = path === '-' ? undefined : await statOf(path);
    if (!stats?.isDirectory()) return this.#push(path, stats);
    this.#folder = path;
    if ((await this.#list(path)) === 0)
      throw new AcceptstreamError('SINK', 'read file', `${path} holds no recording: no *.avro and no *.avro${PART}`);
  }

  /** Whether new files may come. */
  get isGrowing(): boolean {
    return this.#folder !== undefined;
  }

  next(): string | undefined {
    return this.#ahead.shift();
  }

  /** As next; looks for new files in the last folder when there is none. */
  async nextOrNew(): Promise<string | undefined> {
    if (this.#ahead.length === 0 && this.#folder !== undefined) await this.#list(this.#folder);
    return this.#ahead.shift();
  }

  /** Adds what is new in a folder; answers how many files that are. */
  async #list(folder: string): Promise<number> {
    const isNew = (name: string) => RECORDING.test(name) && !this.#seen.has(join(folder, finished(name)));
    const names = (await namesIn(folder)).filter(isNew);
    names.sort((one, other) => finished(one).localeCompare(finished(other), 'en', { numeric: true }));
    for (const name of names) {
      // While it is renamed, a folder may show a file by both of its names.
      if (this.#seen.has(join(folder, finished(name)))) continue;
      this.#seen.add(join(folder, finished(name)));
      this.#push(join(folder, name), statSync(join(folder, name), { throwIfNoEntry: false }));
    }
    return names.length;
  }

  #push(path: string, stats: Stats | undefined): void {
    this.#ahead.push(path);
    this.bytes += stats?.isFile() ? stats.size : Number.POSITIVE_INFINITY;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
