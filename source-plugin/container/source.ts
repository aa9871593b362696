import type { Core } from '../../filter-core/index.js';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import type { Drained, Source } from '../contracts.js';
import { Container, type Filled } from './container.js';
import { type Input, openInput } from './input.js';
import { finished, PART, Recordings } from './recordings.js';

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

interface Opened {
  readonly path: string;
  readonly input: Input;
  readonly container: Container;
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
  #opened: Opened | undefined;
  /** The file behind the one at hand, which may have grown just before this one came: it is looked at once more. */
  #successor: string | undefined;
  #isLastLook = false;
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
    await this.#opened?.input.close();
    this.#opened = undefined;
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
      if ((await this.#opened.container.fill(filled)) === 'room') return 'over';
    } catch (error) {
      if (!(error instanceof AcceptstreamError)) throw error;
      this.#failure = error;
      return 'on';
    }
    return filled.bytes > 0 ? 'over' : this.#atEnd(this.#opened);
  }

  async #atEnd(opened: Opened): Promise<Going> {
    if (this.#options.follow && opened.input.isFile) {
      this.#successor ??= await this.#recordings.nextOrNew();
      if (this.#successor === undefined) return 'wait';
      if (!this.#isLastLook) {
        this.#isLastLook = true;
        return 'on';
      }
    }
    if (opened.container.ending === 'short' && !this.#isStopped) this.#sayTorn(opened);
    return this.#leave();
  }

  async #openNext(): Promise<Going> {
    const { follow, events, signal, core } = this.#options;
    const path = this.#successor ?? (follow ? await this.#recordings.nextOrNew() : this.#recordings.next());
    [this.#successor, this.#isLastLook] = [undefined, false];
    if (path === undefined) return follow && this.#recordings.isGrowing ? 'wait' : 'end';
    try {
      const input = await openRecording(path, signal);
      this.#opened = { path, input, container: new Container(input, core) };
    } catch (error) {
      events.onFailure(reasonOf(error));
    }
    return 'on';
  }

  async #fail({ message }: AcceptstreamError): Promise<Going> {
    this.#failure = undefined;
    if (this.#opened) this.#options.events.onFailure(`${nameOf(this.#opened)}: ${message}; ${before(this.#opened)}`);
    return this.#leave();
  }

  #sayTorn(opened: Opened): void {
    const { follow, events } = this.#options;
    const { offset } = opened.container;
    const what = `${nameOf(opened)}: it ends within what starts at byte ${offset}; ${before(opened)}`;
    if (follow || opened.path.endsWith(PART)) events.onTorn(`${what}: its recorder still writes it, or was killed`);
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

const nameOf = ({ path }: Opened): string => (path === '-' ? 'stdin' : path);

function before({ container: { records } }: Opened): string {
  if (records === 0) return 'no record was read';
  return records === 1 ? 'the record before it was read' : `the ${records} records before it were read`;
}
