import type { Admin, Kafka } from 'kafkajs';
import type { Block } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import type { KafkaConfig } from '../config/types.js';
import type { Batch, Sink } from '../contracts.js';
import { compressionType } from './compression.js';
import { type Connection, createClient } from './connection.js';
import { withinSeconds } from './deadline.js';
import { classify } from './errors.js';
import { AT_START, persist, type Waiting, WHILE_CHECKING, WHILE_RUNNING } from './patience.js';
import { BlockProducer, type ProducerOptions } from './producer.js';
import { partitionsOf, planOf, type TopicPlan } from './topic.js';

/** For all that a check asks of the brokers. */
const CHECK_MS = 15_000;

export interface KafkaEvents {
  /** A line for the user: what is waited for, that it went on, that the topic has changed. */
  onWait(message: string): void;
  /** Aborting it ends the waiting for brokers at the start. */
  readonly signal?: AbortSignal;
}

export interface KafkaTarget {
  /** Of the topic, at the start; blocks are made for these. */
  readonly partitions: number;
  readonly sink: Sink;
}

/** A portion of a core that makes blocks; what else it carries is not read. */
export interface BlockBatch extends Batch {
  readonly blocks?: readonly Block[];
}

/**
 * Connects, checks or creates the topic, and opens one idempotent producer. Waits for brokers that can't be reached.
 *
 * A batch is safe when all in-sync replicas have acknowledged it; until then its blocks must stay as they are. Writes go
 * one at a time. A write waits as long as brokers are away and rejects when only a change of something can help: records
 * written again after that may arrive twice.
 *
 * @throws AcceptstreamError SINK with the remedy, within seconds when the configuration is wrong.
 */
export function openKafkaSink(config: KafkaConfig, events: KafkaEvents): Promise<KafkaTarget> {
  return opening(config, events, async (connection, waiting) => {
    const partitions = await administer(connection, waiting, (admin) => partitionsOf(admin, config));
    const producer = await makeProducer(config, connection, growthWatch(config.topic, partitions, events));
    await persist(() => producer.connect(), waiting);
    return { partitions, sink: new KafkaSink(producer, connection, { config, events }) };
  });
}

/**
 * Connects as openKafkaSink does, and leaves everything as it is: a topic that is missing is not created.
 *
 * @throws AcceptstreamError SINK with the remedy, within seconds also when no broker answers.
 */
export function checkKafkaSink(config: KafkaConfig, events: KafkaEvents): Promise<TopicPlan> {
  return opening(config, events, async ({ client, sockets }, { operation, signal, ...waiting }) => {
    const look = async (either: AbortSignal) => {
      const impatient = { ...waiting, operation, signal: either, patience: WHILE_CHECKING };
      const plan = await administer({ client }, impatient, (admin) => planOf(admin, config));
      const producer = await makeProducer(config, { client }, () => {});
      await persist(() => producer.connect(), impatient);
      await producer.renew();
      return plan;
    };
    const { brokers } = config;
    return withinSeconds({ ms: CHECK_MS, brokers, operation, sockets, signal }, look).finally(sockets.destroy);
  });
}

async function opening<T>(
  config: KafkaConfig,
  events: KafkaEvents,
  work: (connection: Connection, waiting: Waiting) => Promise<T>,
): Promise<T> {
  const connection = createClient(config);
  const signal = events.signal ?? new AbortController().signal;
  signal.addEventListener('abort', connection.sockets.destroy);
  try {
    const operation = 'connect to Kafka';
    return await work(connection, { context: config, operation, patience: AT_START, signal, onWait: events.onWait });
  } catch (error) {
    connection.sockets.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', connection.sockets.destroy);
  }
}

async function administer<T>(
  { client }: Pick<Connection, 'client'>,
  waiting: Waiting,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = await persist(() => connectAdmin(client), waiting);
  try {
    return await persist(() => work(admin), waiting);
  } finally {
    await admin.disconnect();
  }
}

// One for each attempt: kafkajs takes a broker whose first answer is late for connected, and never asks it again.
async function connectAdmin(client: Kafka): Promise<Admin> {
  const admin = client.admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    await admin.disconnect().catch(() => {});
    throw error;
  }
}

async function makeProducer(
  { topic, compression }: KafkaConfig,
  { client }: Pick<Connection, 'client'>,
  onMetadata: ProducerOptions['onMetadata'],
): Promise<BlockProducer> {
  return new BlockProducer({ client, topic, compression: await compressionType(compression), onMetadata });
}

/** Says once that the topic has got more partitions. */
function growthWatch(topic: string, partitions: number, { onWait }: KafkaEvents) {
  let known = partitions;
  return ({ length }: { readonly length: number }): void => {
    if (length <= known) return;
    known = length;
    onWait(`topic ${topic} has ${length} partitions now: records go to the first ${partitions} until a new start`);
  };
}

interface KafkaContext {
  readonly config: KafkaConfig;
  readonly events: KafkaEvents;
}

class KafkaSink implements Sink {
  readonly #producer: BlockProducer;
  readonly #connection: Connection;
  readonly #waiting: Waiting;
  readonly #end = new AbortController();

  constructor(producer: BlockProducer, connection: Connection, { config, events }: KafkaContext) {
    this.#producer = producer;
    this.#connection = connection;
    this.#waiting = {
      context: config,
      operation: 'write to Kafka',
      patience: WHILE_RUNNING,
      signal: this.#end.signal,
      onWait: events.onWait,
    };
  }

  async write({ blocks }: BlockBatch): Promise<void> {
    if (blocks === undefined) throw withoutBlocks();
    try {
      for (let left = blocks; left.length > 0; ) {
        const acknowledged = await persist(() => this.#attempt(left), this.#waiting);
        left = left.filter((block) => !acknowledged.has(block));
      }
    } catch (error) {
      // The next write may hold other blocks, which this producer must not send.
      await this.#producer.renew();
      throw error;
    }
  }

  /** A write that waits is rejected. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#connection.sockets.destroy();
    await this.#producer.renew();
  }

  async #attempt(blocks: readonly Block[]): Promise<Set<Block>> {
    try {
      return await this.#producer.send(blocks);
    } catch (error) {
      if (classify(error, this.#waiting.context).kind === 'sequence') await this.#producer.renew();
      throw error;
    }
  }
}

function withoutBlocks(): AcceptstreamError {
  return new AcceptstreamError('INTERNAL', 'write to Kafka', 'the batch has no blocks: load the core for Kafka');
}
