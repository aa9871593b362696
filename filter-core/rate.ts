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

/** The places in which a core counts keys. */
export class RateState {
  readonly #module: CoreModule;
  readonly #places: Uint8Array;
  readonly #kept: Uint8Array;
  #taken = { suppressed: 0, unlimited: 0 };

  constructor(module: CoreModule) {
    this.#module = module;
    const bytes = module.RATE_PLACES.value * module.RATE_BYTES.value;
    this.#places = new Uint8Array(module.memory.buffer, module.RATES.value, bytes);
    this.#kept = new Uint8Array(bytes);
  }

  keep(): void {
    this.#kept.set(this.#places);
  }

  /** Counts as when keep() was called. */
  restore(): void {
    this.#places.set(this.#kept);
  }

  /** Since the core was loaded. */
  get totals(): { readonly suppressed: number; readonly unlimited: number } {
    const { suppressed, unlimited } = this.#module;
    return {
      suppressed: this.#taken.suppressed + suppressed.value,
      unlimited: this.#taken.unlimited + unlimited.value,
    };
  }

  take(): Suppressed {
    const { suppressed, suppressedKeys, unlimited } = this.#module;
    const news = { records: suppressed.value, keys: suppressedKeys.value, unlimited: unlimited.value };
    this.#taken = this.totals;
    this.#module.forgetSuppressed();
    return news;
  }
}
