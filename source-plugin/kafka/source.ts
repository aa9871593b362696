import type { Core } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import type { Drained, Source } from '../contracts.js';
import { createClient, type KafkaAccess } from './connection.js';
import { patchIdleCost } from './idle.js';
import { type Patience, persist, type Waiting } from './patience.js';
import { Fetcher } from './source-fetcher.js';
import { TopicLog } from './source-log.js';
import { isRead, type Partition, partitionsOf, type Range } from './source-partition.js';
import { type SchemaLookup, WriterSchemas } from './source-schemas.js';
import { RecordWalk } from './source-walk.js';

/** What a reader without a reason to wait does with failures: it says what is wrong. */
const AT_START: Patience = {
  refused: 0,
  unreachable: 2_000,
  closed: 2_000,
  foreign: 0,
  unknown_topic: 1_000,
  sequence: 0,
};

/** A broker may be started again, and a partition get another leader. */
const WHILE_READING: Patience = {
  refused: 0,
  unreachable: 60_000,
  closed: 60_000,
  foreign: 10_000,
  unknown_topic: 10_000,
  sequence: 0,
};

/** Confluent framing: a zero, the schema's id as int32, the datum. */
const MAGIC = 0;
const FRAME_BYTES = 5;
/** An accept has some hundred; the core writes no JSON of longer ones. */
const DATUM_BYTES_MAX = 1 << 15;

export interface KafkaSourceEvents {
  /** A line for the user: what is waited for, that it went on, what is gone. */
  onWait(message: string): void;
  /** A value that is no datum of a schema of ours, and so no record. */
  onSkip(value: SkippedValue): void;
}

export interface SkippedValue {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
}

export interface KafkaSourceOptions extends Range {
  readonly access: KafkaAccess;
  readonly topic: string;
  readonly schemas: SchemaLookup;
  /** Reads with the writer's schema of each batch; only its own input may be given to `read`. */
  readonly core: Core;
  readonly events: KafkaSourceEvents;
  /** Aborting it ends every waiting at once; reads then answer that nothing is there. */
  readonly signal: AbortSignal;
}

/** How many offsets are to be read, and how many have been; `total` is Infinity without an end. */
export interface KafkaProgress {
  readonly done: number;
  readonly total: number;
}

/** The accepts of a topic. Its offsets count values, over all partitions. */
export interface KafkaSource extends Source {
  progress(): KafkaProgress;
}

/**
 * Connects and finds where each partition starts and ends. Reads what is committed, each partition in its order, without
 * a consumer group. Waits while brokers are away, and has ended when all partitions are read.
 *
 * @throws AcceptstreamError with the remedy, within seconds when there is no such topic or no broker.
 */
export async function openKafkaSource(options: KafkaSourceOptions): Promise<KafkaSource> {
  patchIdleCost();
  const { access, topic, signal, events } = options;
  const { client, sockets } = createClient(access);
  const waiting = { context: { ...access, topic }, operation: 'read from Kafka', signal };
  signal.addEventListener('abort', sockets.destroy);
  const close = () => {
    signal.removeEventListener('abort', sockets.destroy);
    sockets.destroy();
  };
  try {
    const log = new TopicLog(client, topic);
    const starting = { ...waiting, patience: AT_START, onWait: () => {} };
    const partitions = await persist(() => start(log, options), starting);
    return new PartitionSource(log, partitions, {
      ...options,
      close,
      waiting: { ...waiting, patience: WHILE_READING, onWait: events.onWait },
    });
  } catch (error) {
    close();
    throw error;
  }
}

async function start(log: TopicLog, { access, topic, ...range }: KafkaSourceOptions): Promise<Partition[]> {
  try {
    await log.connect();
    return await partitionsOf(log, range);
  } catch (error) {
    throw forReaders(error, topic);
  }
}

/** By the broker's word: failures whose remedy is another for those who read than for those who write. */
const READERS_REMEDIES: Readonly<Record<string, (topic: string) => string>> = {
  TOPIC_AUTHORIZATION_FAILED: (topic) => `no permission for topic ${topic}: grant this user Describe and Read on it`,
  UNKNOWN_TOPIC_OR_PARTITION: (topic) => `there is no topic ${topic}: check its name and the brokers`,
};

function forReaders(error: unknown, topic: string): unknown {
  const { type, cause } = error as { type?: string; cause?: { type?: string } };
  const message = READERS_REMEDIES[type ?? cause?.type ?? '']?.(topic);
  return message ? new AcceptstreamError('SINK', 'read from Kafka', message, error) : error;
}

interface Context extends KafkaSourceOptions {
  readonly waiting: Waiting;
  close(): void;
}

/** What a read has put into the core's input. */
interface Filled {
  readonly target: Uint8Array;
  bytes: number;
  records: number;
}

class PartitionSource implements KafkaSource {
  readonly #log: TopicLog;
  readonly #partitions: readonly Partition[];
  readonly #context: Context;
  readonly #fetcher: Fetcher;
  readonly #walk: RecordWalk;
  readonly #schemas: WriterSchemas;
  /** Values taken, and the partitions' positions at each that can be gone back to. */
  #taken = 0;
  #marks = new Map<number, readonly number[]>();
  /** Whether the walk's record waits for the next read. */
  #isHeld = false;
  #isDetached = false;

  constructor(log: TopicLog, partitions: readonly Partition[], context: Context) {
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
      partition.position = mark[index] ?? partition.position;
    });
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
        await this.#fetcher.more();
      } catch (error) {
        // Another broker may lead the partition by now.
        await this.#log.refresh().catch(() => {});
        throw forReaders(error, this.#context.topic);
      }
    }, this.#context.waiting);
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
