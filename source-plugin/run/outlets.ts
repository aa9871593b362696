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
  /** Records of the latest batch that each has not. */
  readonly #left = new WeakMap<Outlet, number>();
  #missing = new Map<string, number>();
  readonly #onFailure: (name: string, error: unknown) => void;
  readonly #graceMs: number;

  constructor(onFailure: (name: string, error: unknown) => void, graceMs: number = GRACE_MS) {
    this.#onFailure = onFailure;
    this.#graceMs = graceMs;
  }

  write(batch: Batch): Promise<void> {
    return this.#inTurn(() => this.#deliver(batch));
  }

  /** Those that still work. */
  get open(): readonly Outlet[] {
    return this.#open;
  }

  /** Of those that still work, for people. */
  get names(): string {
    return this.#open.map(({ name }) => name).join(', ');
  }

  /** Records that those left out lack, by name; of the batch that failed some may have arrived. */
  get missing(): ReadonlyMap<string, number> {
    return this.#missing;
  }

  /** The longest of those outlets, because they all get the same batches. */
  get lingerMs(): number {
    return Math.max(...this.#open.map((outlet) => outlet.lingerMs));
  }

  /**
   * Takes these outlets into use between two batches and closes those that are not among them. One of those that is
   * stuck in a write is closed before; the outlet that has its name now gets that batch, of which some may arrive twice.
   * Resolves with what was missing.
   */
  async replace(outlets: readonly Outlet[]): Promise<ReadonlyMap<string, number>> {
    const release = this.#limit((outlet) => !outlets.includes(outlet));
    this.#next = outlets;
    return this.#inTurn(async () => {
      const { missing } = this;
      const former = this.#open;
      this.#missing = new Map();
      this.#open = outlets;
      this.#next = undefined;
      await closeAll(former.filter((outlet) => !outlets.includes(outlet)));
      await printHeaders(outlets.filter((outlet) => !former.includes(outlet)));
      return missing;
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
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => {},
      () => {},
    );
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

  async #deliver(batch: Batch): Promise<void> {
    const results = await Promise.allSettled(this.#open.map((outlet) => this.#deliverTo(outlet, batch)));
    const failed = this.#open.flatMap((outlet, index) => {
      const result = results[index];
      return result?.status === 'rejected' ? [{ outlet, error: result.reason as unknown }] : [];
    });
    const fatal = failed.length === this.#open.length ? failed[0] : failed.find(({ outlet }) => outlet.required);
    if (fatal) throw fatal.error;
    for (const [name, records] of this.#missing) this.#missing.set(name, records + batch.records);
    this.#open = this.#open.filter((outlet) => !failed.some((one) => one.outlet === outlet));
    await Promise.all(failed.map(({ outlet, error }) => this.#leaveOut(outlet, error)));
  }

  async #deliverTo(outlet: Outlet, batch: Batch): Promise<void> {
    try {
      await this.#writeTo(outlet, batch);
    } catch (error) {
      if (this.#next === undefined || this.#next.includes(outlet)) throw error;
      const successor = this.#next.find(({ name }) => name === outlet.name);
      if (successor) await this.#writeTo(successor, batch);
    }
  }

  async #writeTo(outlet: Outlet, { bytes, records }: Batch): Promise<void> {
    const { core, sink } = outlet;
    let left = records;
    this.#left.set(outlet, left);
    core.input.set(bytes);
    try {
      for (const portion of core.portions(bytes.length)) {
        this.#writing.set(outlet, performance.now());
        await sink.write(portion);
        left -= portion.records;
        this.#left.set(outlet, left);
      }
    } finally {
      this.#writing.delete(outlet);
    }
  }

  async #leaveOut(outlet: Outlet, error: unknown): Promise<void> {
    this.#missing.set(outlet.name, this.#left.get(outlet) ?? 0);
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
