import { setTimeout as sleep } from 'node:timers/promises';
import { AcceptstreamError } from '../../schemas/error.js';
import { classify, type Failure, type FailureKind, fatal } from './errors.js';
import type { RefusalContext } from './refusals.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const NOTICE_MS = 5_000;

/** How long (ms) failures of a kind, one after the other, are waited out. */
export type Patience = Readonly<Record<FailureKind, number>>;

/** Before anything was delivered, what looks like a wrong configuration is taken for one within seconds. */
export const AT_START: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  not_ready: Number.POSITIVE_INFINITY,
  closed: 2_000,
  foreign: 2_000,
  unknown_topic: 10_000,
  sequence: 10_000,
};

/** Who only looks has no reason to wait. */
export const WHILE_CHECKING: Patience = { ...AT_START, unreachable: 3_000, not_ready: 8_000 };

export const WHILE_RUNNING: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  not_ready: Number.POSITIVE_INFINITY,
  closed: Number.POSITIVE_INFINITY,
  foreign: 30_000,
  unknown_topic: 10_000,
  sequence: 30_000,
};

export interface Waiting {
  readonly context: RefusalContext;
  readonly operation: string;
  readonly patience: Patience;
  /** Aborting it ends the waiting: the attempt under way has failed by then, or fails soon. */
  readonly signal: AbortSignal;
  onWait(message: string): void;
}

/** Tries until it works. Throws SINK when the failure is one that waiting does not mend, and when the signal aborts. */
export async function persist<T>(attempt: () => Promise<T>, waiting: Waiting): Promise<T> {
  const watch = new Watch(waiting);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = await attempt();
      watch.end();
      return result;
    } catch (error) {
      watch.failed(classify(error, waiting.context));
    }
    await sleep(pause, undefined, { signal: waiting.signal }).catch(() => {});
  }
}

/** Measures a row of failures and tells of it now and then. */
class Watch {
  readonly #waiting: Waiting;
  readonly #start = performance.now();
  #kind: FailureKind | undefined;
  #kindSince = 0;
  #noticed = Number.NEGATIVE_INFINITY;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /** Throws when there is no point in trying again. */
  failed(failure: Failure): void {
    const { operation, patience, signal } = this.#waiting;
    const now = performance.now();
    if (failure.kind !== this.#kind) this.#kindSince = now;
    this.#kind = failure.kind;
    if (now - this.#kindSince >= patience[failure.kind]) throw fatal(failure, operation);
    if (signal.aborted) throw stopped(failure, operation);
    if (now - this.#noticed < NOTICE_MS && failure.kind !== 'sequence') return;
    this.#noticed = now;
    this.#waiting.onWait(`${failure.message}: trying again`);
  }

  end(): void {
    if (this.#kind === undefined) return;
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1);
    this.#waiting.onWait(`went on after ${seconds} s`);
  }
}

function stopped(failure: Failure, operation: string): AcceptstreamError {
  return new AcceptstreamError('SINK', operation, `stopped while waiting: ${failure.message}`, failure.cause);
}
