const REDRAW_MS = 500;
const ERASE = '\r\x1b[K';

/** How much of what is to be read has been; `total` is Infinity without an end. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What the line shows. */
export interface Reading extends Progress {
  readonly records: number;
}

/** A line on a terminal that is drawn again and again, at the bottom of what else is written there. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #reading: () => Reading;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isDrawn = false;

  /** Draws on a terminal only. */
  constructor(stream: NodeJS.WriteStream, reading: () => Reading) {
    this.#stream = stream;
    this.#reading = reading;
  }

  start(): void {
    if (this.#stream.isTTY) this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  /** Makes room for other output. */
  erase(): void {
    if (this.#isDrawn) this.#stream.write(ERASE);
    this.#isDrawn = false;
  }

  /** Leaves the last state in a line of its own. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#timer === undefined) return;
    this.#draw();
    this.#stream.write('\n');
    this.#isDrawn = false;
  }

  #draw(): void {
    this.#stream.write(`${ERASE}${describe(this.#reading(), (performance.now() - this.#start) / 1000)}`);
    this.#isDrawn = true;
  }
}

/** Records, part of the whole, records a second. */
export function describe({ records, done, total }: Reading, seconds: number): string {
  const part = total === Number.POSITIVE_INFINITY ? '' : `, ${percent(done, total)} %`;
  return `${count(records)} records${part}, ${count(records / seconds)}/s`;
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.min(Math.floor((100 * done) / total), 100);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
