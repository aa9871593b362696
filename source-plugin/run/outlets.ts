import type { Core } from '../../filter-core/index.js';
import type { Batch, Sink } from '../contracts.js';

/** How long (ms) one write may hold up the end or its successor: a broker that restarts is back by then. */
const GRACE_MS = 10_000;
const CHECK_MS = 100;

/** One named way out: datums go through its core to its sink. */
export interface Outlet {
  readonly name: string;
  /** Whether the run ends when this outlet fails for good. */
  readonly required: boolean;
  readonly core: Core;
  readonly sink: Sink;
  /** How long records may wait for a fuller batch. */
  readonly lingerMs: number;
}

/**
 * Hands batches of Avro datums to several outlets at once; `replace` gives the first ones. A batch is safe when each that still works has it.
 * An outlet that fails is closed and left out from then on; the write rejects when it was required or the last one.
 */
export class Outlets implements Sink {
  #open: readonly Outlet[] = [];
  /** Those that take over when the write under way has ended. */
  #next: readonly Outlet[] | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** Since when each has been at its present write. */
  readonly #writing = new Map<Outlet, number>();
  readonly #onFailure: (name: string, error: unknown) => void;
  readonly #graceMs: number;

  constructor(onFailure: (name: string, error: unknown) => void, graceMs: number = GRACE_MS) {
    this.#onFailure = onFailure;
    this.#graceMs = graceMs;
  }

  write(batch: Batch): Promise<void> {
    return this.#inTurn(() => this.#deliver(batch.bytes));
  }

  /** Those that still work. */
  get open(): readonly Outlet[] {
    return this.#open;
  }

  /** Of those that still work, for people. */
  get names(): string {
    return this.#open.map(({ name }) => name).join(', ');
  }

  /** The longest of those outlets, because they all get the same batches. */
  get lingerMs(): number {
    return Math.max(...this.#open.map((outlet) => outlet.lingerMs));
  }

  /**
   * Takes these outlets into use between two batches and closes those that are not among them. One of those that is
   * stuck in a write is closed before; the outlet that has its name now gets that batch, of which some may arrive twice.
   */
  async replace(outlets: readonly Outlet[]): Promise<void> {
    const release = this.#limit((outlet) => !outlets.includes(outlet));
    this.#next = outlets;
    await this.#inTurn(async () => {
      const former = this.#open;
      this.#open = outlets;
      this.#next = undefined;
      await closeAll(former.filter((outlet) => !outlets.includes(outlet)));
      await printHeaders(outlets.filter((outlet) => !former.includes(outlet)));
    }).finally(release);
  }

  /** From now on a write that is stuck is rejected. */
  hurry(): void {
    this.#limit(() => true);
  }

  close(): Promise<void> {
    return this.#inTurn(() => closeAll(this.#open));
  }

  // Writes, replacements and the end wait for each other, whoever asks.
  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #limit(concerns: (outlet: Outlet) => boolean): () => void {
    const start = performance.now();
    const timer = setInterval(() => {
      const latest = performance.now() - this.#graceMs;
      for (const [outlet, since] of this.#writing)
        if (Math.max(since, start) < latest && concerns(outlet)) void outlet.sink.close().catch(() => {});
    }, CHECK_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  async #deliver(datums: Uint8Array): Promise<void> {
    const results = await Promise.allSettled(this.#open.map((outlet) => this.#deliverTo(outlet, datums)));
    const failed = this.#open.flatMap((outlet, index) => {
      const result = results[index];
      return result?.status === 'rejected' ? [{ outlet, error: result.reason as unknown }] : [];
    });
    const fatal = failed.length === this.#open.length ? failed[0] : failed.find(({ outlet }) => outlet.required);
    if (fatal) throw fatal.error;
    this.#open = this.#open.filter((outlet) => !failed.some((one) => one.outlet === outlet));
    await Promise.all(failed.map(({ outlet, error }) => this.#leaveOut(outlet, error)));
  }

  async #deliverTo(outlet: Outlet, datums: Uint8Array): Promise<void> {
    try {
      await this.#writeTo(outlet, datums);
    } catch (error) {
      if (this.#next === undefined || this.#next.includes(outlet)) throw error;
      const successor = this.#next.find(({ name }) => name === outlet.name);
      if (successor) await this.#writeTo(successor, datums);
    }
  }

  async #writeTo(outlet: Outlet, datums: Uint8Array): Promise<void> {
    const { core, sink } = outlet;
    core.input.set(datums);
    try {
      for (const portion of core.portions(datums.length)) {
        this.#writing.set(outlet, performance.now());
        await sink.write(portion);
      }
    } finally {
      this.#writing.delete(outlet);
    }
  }

  async #leaveOut(outlet: Outlet, error: unknown): Promise<void> {
    this.#onFailure(outlet.name, error);
    await outlet.sink.close().catch(() => {});
  }
}

async function closeAll(outlets: readonly Outlet[]): Promise<void> {
  await Promise.all(outlets.map(({ sink }) => sink.close()));
}

async function printHeaders(outlets: readonly Outlet[]): Promise<void> {
  for (const { core, sink } of outlets)
    if (core.header.length > 0) await sink.write({ bytes: core.header, records: 0 });
}
