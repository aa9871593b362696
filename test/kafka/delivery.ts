import type { KafkaConfig } from '../../source-plugin/config/types.js';
import { type BlockBatch, type KafkaTarget, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { blocksOf } from '../reference/kafka-block.js';
import { numbered } from './records.js';
import type { StoredRecord } from './topics.js';

const PORTION = 250;
const EVERY_MS = 50;
const KEYS = 50;
const DEADLINE_MS = 60_000;

/** Numbered records on their way into a topic, 5 000 a second as long as the topic takes them. */
export class Delivery {
  readonly notices: readonly string[];
  sent = 0;
  // A broker that restarts forgets producers whose last records are a day old (producer.id.expiration.ms).
  readonly #start = Date.now();
  #isOver = false;
  #run: Promise<void> | undefined;
  readonly #target: KafkaTarget;

  private constructor(target: KafkaTarget, notices: string[]) {
    this.#target = target;
    this.notices = notices;
  }

  static async start(config: KafkaConfig): Promise<Delivery> {
    const notices: string[] = [];
    const delivery = new Delivery(await openKafkaSink(config, { onWait: (text) => notices.push(text) }), notices);
    delivery.#run = delivery.#write();
    // Who awaits `finish` gets the rejection.
    delivery.#run.catch(() => {});
    return delivery;
  }

  /** Resolves when so many more records are acknowledged. */
  async more(records: number): Promise<void> {
    const goal = this.sent + records;
    const deadline = performance.now() + DEADLINE_MS;
    while (this.sent < goal && !this.#isOver) {
      if (performance.now() > deadline) throw new Error(`stuck at ${this.sent}:\n${this.notices.join('\n')}`);
      await pause();
    }
  }

  /** Resolves with the number of records that were acknowledged. */
  async finish(): Promise<number> {
    this.#isOver = true;
    try {
      await this.#run;
    } finally {
      await this.#target.sink.close();
    }
    return this.sent;
  }

  /** Resolves or rejects as the writing does. */
  async ended(): Promise<void> {
    await this.#run;
  }

  /** Closes the sink under a write that waits. */
  async abort(): Promise<void> {
    await this.#target.sink.close();
    await this.#run;
  }

  /** Resolves when the sink has told of something like this. */
  async notice(text: RegExp): Promise<void> {
    while (!this.notices.some((notice) => text.test(notice))) await pause();
  }

  async #write(): Promise<void> {
    while (!this.#isOver) {
      const started = performance.now();
      const blocks = blocksOf(
        numbered(PORTION, { first: this.sent, keys: KEYS, start: this.#start }),
        this.#target.partitions,
      );
      await this.#target.sink.write({ bytes: new Uint8Array(), records: PORTION, blocks } as BlockBatch);
      this.sent += PORTION;
      await pause(EVERY_MS - (performance.now() - started));
    }
  }
}

const pause = (ms = EVERY_MS) => new Promise((resolve) => setTimeout(resolve, ms));

export interface Faults {
  readonly lost: number;
  readonly doubled: number;
  /** Records behind a later one of the same key. */
  readonly reordered: number;
}

export const NO_FAULTS: Faults = { lost: 0, doubled: 0, reordered: 0 };

/** What is wrong with a topic that should hold the numbers from 0 up to `sent`. */
export function faultsOf(stored: readonly StoredRecord[], sent: number): Faults {
  const seen = new Set(stored.map(({ value }) => Number(value)));
  const latest = new Map<string | null, number>();
  let reordered = 0;
  for (const { key, value } of stored) {
    if (Number(value) < (latest.get(key) ?? -1)) reordered++;
    latest.set(key, Number(value));
  }
  const lost = Array.from({ length: sent }, (_, number) => number).filter((number) => !seen.has(number)).length;
  return { lost, doubled: stored.length - seen.size, reordered };
}
