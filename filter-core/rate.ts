import type { CoreModule } from './module.js';

/** What a rate limit did since it was last asked. */
export interface Suppressed {
  /** Over the limit. */
  readonly records: number;
  /** Their keys; one that gave way to another meanwhile may count again. */
  readonly keys: number;
  /** Passed uncounted: the core counts 16384 keys at a time, and none of the places that theirs could have was free. */
  readonly unlimited: number;
}

interface Counts {
  readonly suppressed: number;
  readonly unlimited: number;
}

const NONE: Counts = { suppressed: 0, unlimited: 0 };

const sumOf = (one: Counts, other: Counts): Counts => ({
  suppressed: one.suppressed + other.suppressed,
  unlimited: one.unlimited + other.unlimited,
});
const differenceOf = (one: Counts, other: Counts): Counts => ({
  suppressed: one.suppressed - other.suppressed,
  unlimited: one.unlimited - other.unlimited,
});

/** The places in which a core counts keys. */
export class RateState {
  readonly #module: CoreModule;
  readonly #places: Uint8Array;
  readonly #kept: Uint8Array;
  #totalsKept = NONE;
  #keysKept = 0;
  /** What the module counted and forgot. */
  #taken = NONE;
  /** What it counted of batches that were given up, and of keys since it last forgot them. */
  #abandoned = NONE;
  #keysAbandoned = 0;
  /** Of the totals, what `take` has given: may be ahead of them when a batch is given up. */
  #told = NONE;

  constructor(module: CoreModule) {
    this.#module = module;
    const bytes = module.RATE_PLACES.value * module.RATE_BYTES.value;
    this.#places = new Uint8Array(module.memory.buffer, module.RATES.value, bytes);
    this.#kept = new Uint8Array(bytes);
  }

  keep(): void {
    this.#kept.set(this.#places);
    this.#totalsKept = this.totals;
    this.#keysKept = this.#keys;
  }

  /** Counts as when keep() was called; returns the totals of then. */
  restore(): Counts {
    this.#places.set(this.#kept);
    this.#abandoned = sumOf(this.#abandoned, differenceOf(this.totals, this.#totalsKept));
    this.#keysAbandoned += this.#keys - this.#keysKept;
    return this.totals;
  }

  /** Since the core was loaded. */
  get totals(): Counts {
    const { suppressed, unlimited } = this.#module;
    const counted = sumOf(this.#taken, { suppressed: suppressed.value, unlimited: unlimited.value });
    return differenceOf(counted, this.#abandoned);
  }

  get #keys(): number {
    return this.#module.suppressedKeys.value - this.#keysAbandoned;
  }

  take(): Suppressed {
    const { totals } = this;
    const news = differenceOf(totals, this.#told);
    const told = { records: Math.max(0, news.suppressed), keys: this.#keys, unlimited: Math.max(0, news.unlimited) };
    this.#told = sumOf(this.#told, { suppressed: told.records, unlimited: told.unlimited });
    this.#taken = sumOf(totals, this.#abandoned);
    this.#module.forgetSuppressed();
    this.#keysAbandoned = 0;
    this.#keysKept = 0;
    return told;
  }
}
