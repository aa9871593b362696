import type { LiveSource } from './live.js';
import { log } from './log.js';

/** Says on stderr what was lost or missed since it last said so, in tcpaccept's words. */
export class LossReport {
  #lost = 0;
  #missed = 0;
  readonly #source: LiveSource;

  constructor(source: LiveSource) {
    this.#source = source;
  }

  print(): void {
    const { lost, missed } = this.#source.counters();
    if (lost > this.#lost) log.loss(`Possibly lost ${lost - this.#lost} samples`);
    if (missed > this.#missed) log.loss(`Possibly missed ${missed - this.#missed} samples`);
    this.#lost = lost;
    this.#missed = missed;
  }
}
