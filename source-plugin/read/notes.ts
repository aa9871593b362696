import type { SkippedValue } from '../kafka/source.js';

/** Values named one by one; a topic of another kind would bury the reason under its lines. */
const NAMED_MAX = 20;

/** What stderr says beside the rows. */
export class Notes {
  /** Values that were no records. */
  skipped = 0;
  readonly #topic: string;
  readonly #say: (message: string) => void;

  constructor(topic: string, say: (message: string) => void) {
    this.#topic = topic;
    this.#say = say;
  }

  skip({ partition, offset, reason }: SkippedValue): void {
    this.skipped += 1;
    if (this.skipped <= NAMED_MAX) this.#say(`left out partition ${partition} offset ${offset}: ${reason}`);
    if (this.skipped === NAMED_MAX) this.#say('others that are left out are only counted');
  }

  end(): void {
    if (this.skipped > 0) this.#say(`${this.skipped} values of topic ${this.#topic} are left out: they are no accepts`);
  }
}
