import type { LiveSource } from './live.js';

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
    if (lost > this.#lost) process.stderr.write(`Possibly lost ${lost - this.#lost} samples\n`);
    if (missed > this.#missed) process.stderr.write(`Possibly missed ${missed - this.#missed} samples\n`);
    this.#lost = lost;
    this.#missed = missed;
  }
}
