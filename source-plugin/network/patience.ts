import { setTimeout as sleep } from 'node:timers/promises';
import { AcceptstreamError } from '../../schemas/error.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const NOTICE_MS = 5_000;

/** What a failure is to us, and what the user is told of it. */
export interface Failure<Kind extends string> {
  readonly kind: Kind;
  /** What happened, and what to do about it when that is sure. */
  readonly message: string;
  /** What to do about it when waiting has not helped. */
  readonly remedy?: string;
  /** Told of each time, not now and then. */
  readonly isGrave?: boolean;
  readonly cause: unknown;
}

/** How long (ms) failures of a kind, one after the other, are waited out. */
export type Patience<Kind extends string> = Readonly<Record<Kind, number>>;

export interface Waiting<Kind extends string> {
  readonly operation: string;
  readonly patience: Patience<Kind>;
  /** Aborting it ends the waiting: the attempt under way has failed by then, or fails soon. */
  readonly signal: AbortSignal;
  onWait(message: string): void;
  classify(error: unknown): Failure<Kind>;
}

/** Tries until it works. Throws SINK when the failure is one that waiting does not mend, and when the signal aborts. */
export async function persist<T, Kind extends string>(attempt: () => Promise<T>, waiting: Waiting<Kind>): Promise<T> {
  const watch = new Watch(waiting);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = await attempt();
      watch.end();
      return result;
    } catch (error) {
      watch.failed(waiting.classify(error));
    }
    await sleep(pause, undefined, { signal: waiting.signal }).catch(() => {});
  }
}

/** Measures a row of failures and tells of it now and then. */
class Watch<Kind extends string> {
  readonly #waiting: Waiting<Kind>;
  readonly #start = performance.now();
  #kind: Kind | undefined;
  #kindSince = 0;
  #noticed = Number.NEGATIVE_INFINITY;

  constructor(waiting: Waiting<Kind>) {
    this.#waiting = waiting;
  }

  /** Throws when there is no point in trying again. */
  failed(failure: Failure<Kind>): void {
    const { operation, patience, signal } = this.#waiting;
    const now = performance.now();
    if (failure.kind !== this.#kind) this.#kindSince = now;
    this.#kind = failure.kind;
    if (now - this.#kindSince >= patience[failure.kind]) throw fatal(failure, operation);
    if (signal.aborted) throw stopped(failure, operation);
    if (now - this.#noticed < NOTICE_MS && !failure.isGrave) return;
    this.#noticed = now;
    this.#waiting.onWait(`${failure.message}: trying again`);
  }

  end(): void {
    if (this.#kind === undefined) return;
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1);
    this.#waiting.onWait(`went on after ${seconds} s`);
  }
}

function fatal<Kind extends string>({ message, remedy, cause }: Failure<Kind>, operation: string): AcceptstreamError {
  return new AcceptstreamError('SINK', operation, remedy ? `${message}: ${remedy}` : message, cause);
}

function stopped<Kind extends string>({ message, cause }: Failure<Kind>, operation: string): AcceptstreamError {
  return new AcceptstreamError('SINK', operation, `stopped while waiting: ${message}`, cause);
}
