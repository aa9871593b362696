import { AcceptstreamError } from '../../schemas/error.js';
import type { Drained } from '../contracts.js';
import { persist, type Waiting } from './patience.js';
import type { KafkaProgress, KafkaSource, KafkaSourceOptions } from './source.js';
import { forReaders } from './source-failures.js';
import { Fetcher } from './source-fetcher.js';
import type { TopicLog } from './source-log.js';
import { isRead, type Partition } from './source-partition.js';
import { WriterSchemas } from './source-schemas.js';
import { RecordWalk } from './source-walk.js';

/** Confluent framing: a zero, the schema's id as int32, the datum. */
const MAGIC = 0;
const FRAME_BYTES = 5;
/** An accept has some hundred; the core writes no JSON of longer ones. */
const DATUM_BYTES_MAX = 1 << 15;

export interface SourceContext extends KafkaSourceOptions {
  readonly waiting: Waiting;
  close(): void;
}

/** What a read has put into the core's input. */
interface Filled {
  readonly target: Uint8Array;
  bytes: number;
  records: number;
}

export class PartitionSource implements KafkaSource {
  readonly #log: TopicLog;
  readonly #partitions: Partition[];
  readonly #context: SourceContext;
  readonly #fetcher: Fetcher;
  readonly #walk: RecordWalk;
  readonly #schemas: WriterSchemas;
  /** Values taken, and the partitions' positions at each that can be gone back to. */
  #taken = 0;
  #marks = new Map<number, readonly number[]>();
  /** Whether the walk's record waits for the next read. */
  #isHeld = false;
  #isDetached = false;

  constructor(log: TopicLog, partitions: Partition[], context: SourceContext) {
    this.#log = log;
    this.#partitions = partitions;
    this.#context = context;
    this.#fetcher = new Fetcher(log, partitions, (partition, records) => this.#sayGone(partition, records));
    this.#walk = new RecordWalk(this.#fetcher, partitions);
    this.#schemas = new WriterSchemas(context.core, context.schemas);
    this.#mark();
  }

  async read(target: Uint8Array): Promise<Drained> {
    const filled: Filled = { target, bytes: 0, records: 0 };
    while (!this.#isStopped && !this.#isEnd && (await this.#fillOn(filled)));
    this.#mark();
    const { bytes, records } = filled;
    return { bytes, records, position: this.#taken, next: this.#isEnd ? 'never' : 'now' };
  }

  position(): number {
    return this.#taken;
  }

  commit(position: number): void {
    for (const mark of this.#marks.keys()) if (mark < position) this.#marks.delete(mark);
  }

  seek(position: number): void {
    const mark = this.#marks.get(position);
    if (!mark) throw new AcceptstreamError('USAGE', 'seek', `${position} is no position that this source has had`);
    this.#partitions.forEach((partition, index) => {
      partition.position = mark[index] ?? partition.start;
    });
    // From here on other partitions may come first: later marks are of a way that is not gone again.
    for (const later of this.#marks.keys()) if (later > position) this.#marks.delete(later);
    this.#taken = position;
    this.#isHeld = false;
    this.#fetcher.reset();
    this.#walk.reset();
  }

  /** What is left stays in Kafka. */
  detach(): void {
    this.#isDetached = true;
  }

  close(): void {
    this.#context.close();
  }

  progress(): KafkaProgress {
    const sum = (count: (partition: Partition) => number) =>
      this.#partitions.reduce((total, partition) => total + count(partition), 0);
    return { done: sum(({ position, start }) => position - start), total: sum(({ end, start }) => end - start) };
  }

  get #isStopped(): boolean {
    return this.#isDetached || this.#context.signal.aborted;
  }

  get #isEnd(): boolean {
    return this.#partitions.every(isRead);
  }

  /** True when more may be put into the input. */
  async #fillOn(filled: Filled): Promise<boolean> {
    const lacking = this.#fill(filled);
    if (lacking === 'room') return false;
    if (lacking === 'records' && (await this.#walk.nextBatch())) return true;
    // One schema at a time; and what is there need not wait for what is not.
    if (filled.bytes > 0 || this.#isEnd) return false;
    await this.#unlessStopped(lacking === 'schema' ? () => this.#useSchema() : () => this.#fetch());
    return true;
  }

  /** Takes values until something is lacking. */
  #fill(filled: Filled): 'room' | 'schema' | 'records' {
    while (this.#isHeld || this.#walk.next()) {
      const lacking = this.#take(filled);
      this.#isHeld = lacking !== undefined;
      if (lacking) return lacking;
      this.#taken += 1;
      this.#walk.leave();
    }
    return 'records';
  }

  /** Copies the datum of the value at hand, unless it has none or something is lacking. */
  #take(filled: Filled): 'room' | 'schema' | undefined {
    const { bytes, from, to } = this.#walk.record;
    if (from < 0) return this.#skip('it has no value (a tombstone)');
    if (to - from < FRAME_BYTES || bytes[from] !== MAGIC) return this.#skip('it is not in Confluent framing');
    const id = bytes.readInt32BE(from + 1);
    const refusal = this.#schemas.refusal(id);
    if (refusal !== undefined) return this.#skip(refusal);
    if (!this.#schemas.isInUse(id)) return 'schema';
    const end = filled.bytes + to - from - FRAME_BYTES;
    if (end - filled.bytes > DATUM_BYTES_MAX) return this.#skip('it is too long for an accept');
    if (end > filled.target.length) return 'room';
    bytes.copy(filled.target, filled.bytes, from + FRAME_BYTES, to);
    if (!this.#context.core.isDatum(filled.bytes, end)) return this.#skip(`it is no datum of schema ${id}`);
    filled.bytes = end;
    filled.records += 1;
    return undefined;
  }

  #skip(reason: string): undefined {
    const { offset } = this.#walk.record;
    this.#context.events.onSkip({ partition: this.#walk.partition, offset, reason });
  }

  #useSchema(): Promise<void> {
    const { bytes, from } = this.#walk.record;
    return this.#schemas.use(bytes.readInt32BE(from + 1));
  }

  #fetch(): Promise<void> {
    return persist(async () => {
      try {
        await this.#addPartitions();
        await this.#fetcher.more();
      } catch (error) {
        // Another broker may lead the partition by now.
        await this.#log.refresh().catch(() => {});
        throw forReaders(error, this.#context.topic);
      }
    }, this.#context.waiting);
  }

  /** What is followed may grow. */
  async #addPartitions(): Promise<void> {
    if (!this.#context.follow) return;
    await this.#log.refreshIfOld();
    const known = new Set(this.#partitions.map(({ id }) => id));
    for (const id of this.#log.leaders().keys())
      if (!known.has(id)) this.#partitions.push({ id, start: 0, end: Number.POSITIVE_INFINITY, position: 0 });
  }

  async #unlessStopped(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#isStopped) throw error;
    }
  }

  #mark(): void {
    this.#marks.set(
      this.#taken,
      this.#partitions.map(({ position }) => position),
    );
  }

  #sayGone(partition: number, records: number): void {
    const { topic, events } = this.#context;
    events.onWait(`${records} records of ${topic} partition ${partition} were deleted before they were read`);
  }
}
