import { batchesOf, inflate, type RecordBatch } from './source-batches.js';
import { RecordCursor } from './source-cursor.js';
import type { Fetcher } from './source-fetcher.js';
import { isRead, type Partition } from './source-partition.js';
import type { Piece } from './source-response.js';

/** Goes over the records that a fetcher has brought, piece by piece, and keeps their partitions' positions. */
export class RecordWalk {
  /** The record at hand. */
  readonly record = new RecordCursor();
  readonly #fetcher: Fetcher;
  readonly #partitions: readonly Partition[];
  #partition: Partition | undefined;
  #batches: Iterator<RecordBatch, void> = [].values();
  /** The position behind the batch at hand. */
  #nextOffset = 0;

  constructor(fetcher: Fetcher, partitions: readonly Partition[]) {
    this.#fetcher = fetcher;
    this.#partitions = partitions;
  }

  get partition(): number {
    return this.#partition?.id ?? -1;
  }

  /** Goes to the next record of the batch at hand; false when there is none. The position stays in front of it. */
  next(): boolean {
    const partition = this.#partition;
    if (partition === undefined || isRead(partition)) return false;
    // A batch is sent whole, also when the position is inside it.
    while (this.record.next()) {
      if (this.record.offset < partition.position) continue;
      partition.position = this.record.offset;
      return !isRead(partition);
    }
    return false;
  }

  /** Moves the position behind the record at hand. */
  leave(): void {
    if (this.#partition) this.#partition.position = this.record.offset + 1;
  }

  /** Goes to the next batch that is there, once the one at hand is used up; false when more must be fetched. */
  async nextBatch(): Promise<boolean> {
    for (;;) {
      this.#leaveBatch();
      const batch = this.#batches.next().value;
      if (batch) {
        this.#nextOffset = batch.nextOffset;
        if (batch.count > 0) this.record.start(await inflate(batch), batch.firstOffset, batch.count);
        if (batch.count > 0) return true;
      } else if (!this.#nextPiece(this.#fetcher.take())) return false;
    }
  }

  /** Forgets the piece at hand: positions have changed. */
  reset(): void {
    this.#partition = undefined;
    this.#batches = [].values();
    this.#nextOffset = 0;
    this.record.start(Buffer.alloc(0), 0, 0);
  }

  #leaveBatch(): void {
    if (this.#partition) this.#partition.position = Math.max(this.#partition.position, this.#nextOffset);
  }

  #nextPiece(piece: Piece | undefined): boolean {
    this.reset();
    if (piece === undefined) return false;
    this.#partition = this.#partitions.find(({ id }) => id === piece.partition);
    this.#batches = batchesOf(piece);
    return true;
  }
}
