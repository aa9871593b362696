import { programs } from '../support/programs.js';
import { JsonChild } from './child.js';

export interface BurstOptions {
  /** Accepts of each thread. */
  readonly count: number;
  /** Accepts per second of each thread; not given: as fast as it goes. */
  readonly rate?: number;
  /** With more than one, each has a listener and a CPU of its own. */
  readonly threads?: number;
  readonly family?: 4 | 6;
}

/** What the generator itself measured: all threads together, microseconds. */
export interface BurstReport {
  readonly kind: 'burst';
  readonly count: number;
  readonly elapsed_us: number;
  readonly user_us: number;
  readonly system_us: number;
}

interface BurstReady {
  readonly kind: 'ready';
  readonly pid: number;
  readonly port: number;
}

/** A process that connects to itself, accepts and closes in a loop. */
export class Burst {
  readonly pid: number;
  /** Where its first thread listens. */
  readonly port: number;
  readonly #child: JsonChild<BurstReady | BurstReport>;

  private constructor(child: JsonChild<BurstReady | BurstReport>, ready: BurstReady) {
    this.#child = child;
    this.pid = ready.pid;
    this.port = ready.port;
  }

  static async start(options: BurstOptions): Promise<Burst> {
    const args = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const child = new JsonChild<BurstReady | BurstReport>(programs().burst, args);
    return new Burst(child, (await child.line('ready')) as BurstReady);
  }

  async run(): Promise<BurstReport> {
    this.#child.release();
    const report = (await this.#child.finish()).find((line) => line.kind === 'burst');
    if (!report) throw new Error('the burst ended without a report');
    return report;
  }

  /** Ends it early: `run` resolves with what there was. */
  stop(): void {
    this.#child.stop();
  }

  kill(): void {
    this.#child.kill();
  }
}
