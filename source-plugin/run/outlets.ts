import type { Core } from '../../filter-core/index.js';
import type { Batch, Sink } from '../contracts.js';

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
 * Hands batches of Avro datums to several outlets at once; a batch is safe when each that still works has it.
 * An outlet that fails is closed and left out from then on; the write rejects when it was required or the last one.
 */
export class Outlets implements Sink {
  #open: readonly Outlet[];
  #turn: Promise<void> = Promise.resolve();
  readonly #onFailure: (name: string, error: unknown) => void;

  constructor(outlets: readonly Outlet[], onFailure: (name: string, error: unknown) => void) {
    this.#open = outlets;
    this.#onFailure = onFailure;
  }

  write(batch: Batch): Promise<void> {
    return this.#inTurn(() => this.#deliver(batch.bytes));
  }

  /** Those that still work. */
  get open(): readonly Outlet[] {
    return this.#open;
  }

  /** The longest of those outlets, because they all get the same batches. */
  get lingerMs(): number {
    return Math.max(...this.#open.map((outlet) => outlet.lingerMs));
  }

  /** Takes these outlets into use between two batches and closes those that are not among them. */
  replace(outlets: readonly Outlet[]): Promise<void> {
    return this.#inTurn(async () => {
      const dropped = this.#open.filter((outlet) => !outlets.includes(outlet));
      this.#open = outlets;
      await closeAll(dropped);
    });
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

  async #deliver(datums: Uint8Array): Promise<void> {
    const results = await Promise.allSettled(this.#open.map((outlet) => deliver(outlet, datums)));
    const failed = this.#open.flatMap((outlet, index) => {
      const result = results[index];
      return result?.status === 'rejected' ? [{ outlet, error: result.reason as unknown }] : [];
    });
    const fatal = failed.length === this.#open.length ? failed[0] : failed.find(({ outlet }) => outlet.required);
    if (fatal) throw fatal.error;
    this.#open = this.#open.filter((outlet) => !failed.some((one) => one.outlet === outlet));
    await Promise.all(failed.map(({ outlet, error }) => this.#leaveOut(outlet, error)));
  }

  async #leaveOut(outlet: Outlet, error: unknown): Promise<void> {
    this.#onFailure(outlet.name, error);
    await outlet.sink.close().catch(() => {});
  }
}

async function deliver({ core, sink }: Outlet, datums: Uint8Array): Promise<void> {
  core.input.set(datums);
  for (const portion of core.portions(datums.length)) await sink.write(portion);
}

async function closeAll(outlets: readonly Outlet[]): Promise<void> {
  await Promise.all(outlets.map(({ sink }) => sink.close()));
}
