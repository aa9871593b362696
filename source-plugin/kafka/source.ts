import type { Core } from '../../filter-core/index.js';
import type { Source } from '../contracts.js';
import { createClient, type KafkaAccess } from './connection.js';
import { withinSeconds } from './deadline.js';
import { persist } from './patience.js';
import { AT_START, forReaders, REMEDIES_AT_START, WHILE_FOLLOWING, WHILE_READING } from './source-failures.js';
import { TopicLog } from './source-log.js';
import { type Partition, partitionsOf, type Range } from './source-partition.js';
import { PartitionSource } from './source-reader.js';
import type { SchemaLookup } from './source-schemas.js';

/** How long a broker may take at the start, by the number of them that may be away. */
const ANSWER_MS = 5_000;
/** How much later than others a broker may know of a new topic. */
const KNOWN_MS = 1_000;

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
  const { access, topic, signal, events } = options;
  const { client, sockets } = createClient(access);
  const waiting = { context: { ...access, topic }, operation: 'read from Kafka', onWait: events.onWait };
  const close = () => {
    signal.removeEventListener('abort', sockets.destroy);
    sockets.destroy();
  };
  signal.addEventListener('abort', sockets.destroy);
  try {
    const log = new TopicLog(client, topic);
    const knownAt = performance.now() + KNOWN_MS;
    const attempt = () => start(log, options, performance.now() < knownAt);
    const ms = ANSWER_MS * (access.brokers.length + 1);
    const { operation } = waiting;
    const partitions = await withinSeconds({ ms, brokers: access.brokers, operation, sockets, signal }, (either) =>
      persist(attempt, { ...waiting, patience: AT_START, signal: either, onWait: () => {} }),
    );
    const patience = options.follow ? WHILE_FOLLOWING : WHILE_READING;
    return new PartitionSource(log, partitions, { ...options, close, waiting: { ...waiting, patience, signal } });
  } catch (error) {
    close();
    throw error;
  }
}

async function start(log: TopicLog, { topic, ...range }: KafkaSourceOptions, isEarly: boolean): Promise<Partition[]> {
  try {
    await log.connect();
  } catch (error) {
    throw forReaders(error, topic, isEarly ? undefined : REMEDIES_AT_START);
  }
  try {
    return await partitionsOf(log, range);
  } catch (error) {
    // Leaders that the broker named may not know of it yet, or have passed it on.
    await log.refresh().catch(() => {});
    throw forReaders(error, topic);
  }
}
