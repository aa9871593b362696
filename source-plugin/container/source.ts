import type { Core } from '../../filter-core/index.js';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import type { Drained, Source } from '../contracts.js';
import type { Filled } from './container.js';
import { OpenedRecording } from './opened.js';
import { Recordings } from './recordings.js';

export interface FileSourceEvents {
  /** A file that could not be read to its end: which, why, and how far it was. The others are read. */
  onFailure(message: string): void;
  /** A line for the user about a recording that is not finished. */
  onTorn(message: string): void;
}

export interface FileSourceOptions {
  /** Files, folders, or '-' for stdin. */
  readonly paths: readonly string[];
  /** Whether it goes on with what is appended to the last file, and with new files of a folder that is the last path. */
  readonly follow: boolean;
  /** Reads with the schema of each file; only its own input may be given to `read`. */
  readonly core: Core;
  readonly events: FileSourceEvents;
  /** Aborting it ends the waiting for a pipe. */
  readonly signal: AbortSignal;
}

/** What a read is to do next: fill on, hand over, wait for the file to grow, or end. */
type Going = 'on' | 'over' | 'wait' | 'end';

/** Finds the files; those that are not there are told, and left out. */
export async function openFileSource(options: FileSourceOptions): Promise<FileSource> {
  const recordings = new Recordings();
  for (const path of options.paths) {
    await recordings.add(path).catch((error: unknown) => {
      if (!(options.follow && recordings.isGrowing)) options.events.onFailure(reasonOf(error));
    });
  }
  return new FileSource(recordings, options);
}

/** The accepts of Avro object container files, file by file. Its offsets count records. */
export class FileSource implements Source {
  readonly #options: FileSourceOptions;
  readonly #recordings: Recordings;
  #opened: OpenedRecording | undefined;
  /** The file behind the one at hand. */
  #successor: string | undefined;
  /** Followed ones that were read as far as they went: several recorders may write into a folder. */
  readonly #waiting: OpenedRecording[] = [];
  /** What broke the file at hand, told when the records before it are handed over. */
  #failure: AcceptstreamError | undefined;
  #position = 0;
  #doneBytes = 0;
  /** The read that is not committed: its datums are still in the core's input. */
  #last: Drained | undefined;
  #isAgain = false;
  #isDetached = false;

  constructor(recordings: Recordings, options: FileSourceOptions) {
    this.#recordings = recordings;
    this.#options = options;
  }

  async read(target: Uint8Array): Promise<Drained> {
    if (!this.#isAgain || !this.#last) this.#last = await this.#readOn({ target, bytes: 0, records: 0 });
    this.#isAgain = false;
    this.#position = this.#last.position;
    return this.#last;
  }

  position(): number {
    return this.#position;
  }

  commit(): void {
    this.#last = undefined;
  }

  seek(position: number): void {
    if (position === this.#position) return;
    const start = this.#position - (this.#last?.records ?? 0);
    if (position !== start)
      throw new AcceptstreamError('USAGE', 'seek', `${position} is not where the last read began`);
    this.#position = start;
    this.#isAgain = true;
  }

  /** What is left stays in the files. */
  detach(): void {
    this.#isDetached = true;
  }

  async close(): Promise<void> {
    if (this.#opened) this.#waiting.push(this.#opened);
    this.#opened = undefined;
    await Promise.all(this.#waiting.splice(0).map(({ input }) => input.close()));
  }

  /** Bytes read of all; the total is Infinity when nobody knows it. */
  progress(): { readonly done: number; readonly total: number } {
    const done = this.#doneBytes + (this.#opened?.container.offset ?? 0);
    return { done, total: this.#options.follow ? Number.POSITIVE_INFINITY : this.#recordings.bytes };
  }

  async #readOn(filled: Filled): Promise<Drained> {
    let going: Going = 'on';
    while (going === 'on') going = this.#isStopped ? 'end' : await this.#fillOn(filled);
    const { bytes, records } = filled;
    const drained = { bytes, records, position: this.#position + records };
    if (going === 'wait') return drained;
    return { ...drained, next: going === 'end' ? 'never' : 'now' };
  }

  get #isStopped(): boolean {
    return this.#isDetached || this.#options.signal.aborted;
  }

  async #fillOn(filled: Filled): Promise<Going> {
    if (this.#failure && filled.bytes === 0) return this.#fail(this.#failure);
    if (!this.#opened && filled.bytes === 0) return this.#openNext();
    if (!this.#opened || this.#failure) return 'over';
    try {
      if ((await this.#opened.fill(filled)) === 'room') return 'over';
    } catch (error) {
      if (!(error instanceof AcceptstreamError)) throw error;
      this.#failure = error;
      return 'on';
    }
    return filled.bytes > 0 ? 'over' : this.#atEnd(this.#opened);
  }

  async #atEnd(opened: OpenedRecording): Promise<Going> {
    if (this.#options.follow && opened.input.isFile) return this.#goOn(opened);
    if (opened.container.ending === 'short' && !this.#isStopped) this.#sayTorn(opened);
    return this.#leave();
  }

  // What its recorder does last comes before its name, and that before the next file: it is looked at after both.
  async #goOn(opened: OpenedRecording): Promise<Going> {
    const isUnfinished = await opened.isUnfinished();
    this.#successor ??= await this.#recordings.nextOrNew();
    if (opened.hasChanged) return 'on';
    if (isUnfinished || (!opened.isPart && this.#successor === undefined)) return this.#wait(opened);
    if (opened.container.ending === 'short') this.#sayTorn(opened);
    return this.#leave();
  }

  async #wait(opened: OpenedRecording): Promise<Going> {
    const other = this.#successor === undefined ? await this.#changed() : undefined;
    if (this.#successor === undefined && !other) return 'wait';
    this.#waiting.push(opened);
    this.#opened = other;
    return 'on';
  }

  /** A file that waits no longer: it has grown, or got its name. */
  async #changed(): Promise<OpenedRecording | undefined> {
    for (const [index, one] of this.#waiting.entries()) {
      const isFinished = one.isPart && !(await one.isUnfinished());
      if (!isFinished && !one.hasChanged) continue;
      this.#waiting.splice(index, 1);
      one.container.resume();
      return one;
    }
    return undefined;
  }

  async #openNext(): Promise<Going> {
    const { follow, events, signal, core } = this.#options;
    const path = this.#successor ?? (follow ? await this.#recordings.nextOrNew() : this.#recordings.next());
    this.#successor = undefined;
    if (path === undefined) return this.#reopen();
    try {
      this.#opened = await OpenedRecording.open(path, core, signal);
    } catch (error) {
      events.onFailure(reasonOf(error));
    }
    return 'on';
  }

  async #reopen(): Promise<Going> {
    this.#opened = await this.#changed();
    if (this.#opened) return 'on';
    return this.#waiting.length > 0 || (this.#options.follow && this.#recordings.isGrowing) ? 'wait' : 'end';
  }

  async #fail({ message }: AcceptstreamError): Promise<Going> {
    this.#failure = undefined;
    if (this.#opened) this.#options.events.onFailure(`${this.#opened.name}: ${message}; ${this.#opened.before}`);
    return this.#leave();
  }

  #sayTorn({ name, before, isPart, container }: OpenedRecording): void {
    const { follow, events } = this.#options;
    const what = `${name}: it ends within what starts at byte ${container.offset}; ${before}`;
    if (follow || isPart) events.onTorn(`${what}: its recorder still writes it, or was killed`);
    else events.onFailure(`${what}: it was cut off, or not copied to its end`);
  }

  async #leave(): Promise<Going> {
    const { input, container } = this.#opened ?? {};
    this.#doneBytes += container?.offset ?? 0;
    this.#opened = undefined;
    await input?.close();
    return 'on';
  }
}
