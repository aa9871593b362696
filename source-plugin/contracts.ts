/** Whole datums that a source wrote into the core's input. `position` is the source offset just behind them. */
export interface Drained {
  readonly bytes: number;
  readonly records: number;
  readonly position: number;
  /**
   * What the source knows of its next read. `now`: it finds records or waits for them itself, so that no pause is needed
   * before it; `never`: the source has ended.
   */
  readonly next?: 'now' | 'never';
}

/**
 * Where records come from. Calls are synchronous or awaited one at a time: the pipeline asks for the next
 * records only after the sink has the last ones.
 */
export interface Source {
  /** Writes whole Avro datums back to back into `target`, from the source's read position on; 0 bytes when idle. */
  read(target: Uint8Array): Drained | Promise<Drained>;
  /** Offset of the next read. */
  position(): number;
  /** Everything before `position` is safe and need not be read again. */
  commit(position: number): void | Promise<void>;
  /** The next read starts at `position`, which is not before the last committed one. */
  seek(position: number): void | Promise<void>;
  /** Takes no new records; those already there can still be read. */
  detach(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What one write hands to a sink. `bytes` is a view that is overwritten once the write has resolved. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** Records in `bytes`. */
  readonly records: number;
}

/** Where records go. */
export interface Sink {
  /** Resolves when the batch is safe by the sink's own promise; rejects when it can't be. */
  write(batch: Batch): Promise<void>;
  /** Flushes what the sink still holds and lets go of its resources. */
  close(): Promise<void>;
}
