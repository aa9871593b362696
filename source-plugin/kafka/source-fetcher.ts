import { errorOf, type TopicLog } from './source-log.js';
import { isRead, type Partition, skipDeleted } from './source-partition.js';
import type { Piece } from './source-response.js';

const OFFSET_OUT_OF_RANGE = 1;

/**
 * Brings pieces of partitions, from each broker one answer ahead at most: a broker is asked again when all pieces of
 * its last answer are used up, so that what nobody takes stays in Kafka.
 */
export class Fetcher {
  readonly #log: TopicLog;
  readonly #partitions: readonly Partition[];
  readonly #onGone: (partition: number, records: number) => void;
  /** Requests under way, by broker. */
  #pending = new Map<number, Promise<void>>();
  #ready: Piece[] = [];
  #failure: unknown;
  #turn = 0;

  constructor(log: TopicLog, partitions: readonly Partition[], onGone: (partition: number, records: number) => void) {
    this.#log = log;
    this.#partitions = partitions;
    this.#onGone = onGone;
  }

  /** A piece that is there. All earlier ones must be used up, the positions of their partitions behind them. */
  take(): Piece | undefined {
    return this.#ready.shift();
  }

  /** Waits, when no piece is left, until a broker has answered, perhaps without one. Throws what kafkajs throws. */
  async more(): Promise<void> {
    if (this.#ready.length > 0) return;
    for (const [node, partitions] of this.#unread()) {
      if (!this.#pending.has(node)) this.#ask(node, partitions);
    }
    await Promise.race(this.#pending.values());
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined && this.#ready.length === 0) throw failure;
  }

  /** Forgets what was brought: positions have changed. */
  reset(): void {
    this.#pending = new Map();
    this.#ready = [];
  }

  /** What is still to be read, by leader. An answer is filled in the order asked, so each partition is first in turn. */
  #unread(): ReadonlyMap<number, Partition[]> {
    const leaders = this.#log.leaders();
    const first = this.#turn++ % this.#partitions.length;
    const inTurn = [...this.#partitions.slice(first), ...this.#partitions.slice(0, first)];
    const byLeader = new Map<number, Partition[]>();
    for (const partition of inTurn.filter((one) => !isRead(one))) {
      const node = leaders.get(partition.id) ?? -1;
      byLeader.set(node, [...(byLeader.get(node) ?? []), partition]);
    }
    return byLeader;
  }

  // Its failure is kept for the next call of `more`: by then nobody may be waiting for this request.
  #ask(node: number, partitions: readonly Partition[]): void {
    const pending = this.#pending;
    const places = partitions.map(({ id, position }) => ({ partition: id, offset: position }));
    const answered = this.#log
      .fetch(node, places)
      .then((pieces) => this.#sort(pieces, () => pending === this.#pending))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => pending.delete(node));
    pending.set(node, answered);
  }

  async #sort(pieces: readonly Piece[], isWanted: () => boolean): Promise<void> {
    if (!isWanted()) return;
    this.#ready.push(...pieces.filter(({ errorCode, batches }) => errorCode === 0 && batches.length > 0));
    for (const { partition, errorCode } of pieces) {
      if (errorCode === OFFSET_OUT_OF_RANGE) await this.#goOn(partition);
      else if (errorCode !== 0) throw errorOf(errorCode);
    }
  }

  async #goOn(id: number): Promise<void> {
    const partition = this.#partitions.find((one) => one.id === id);
    if (partition) this.#onGone(id, await skipDeleted(this.#log, partition));
  }
}
