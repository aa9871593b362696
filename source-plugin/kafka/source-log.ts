import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import { AcceptstreamError } from '../../schemas/error.js';
import { decodeFetch, type FetchResponse, type Piece } from './source-response.js';

/** The parts of kafkajs 2.2.4 below its consumer, which needs a group and makes several objects of each record. */
interface Cluster {
  connect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(node: { readonly nodeId: number }): Promise<{ readonly connectionPool: ConnectionPool }>;
  fetchTopicsOffset(topics: readonly OffsetQuery[]): Promise<readonly OffsetAnswer[]>;
}

interface ConnectionPool {
  send(call: object): Promise<readonly Piece[]>;
}

interface OffsetQuery {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
  readonly fromTimestamp: number;
}

interface OffsetAnswer {
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

const require = createRequire(import.meta.url);
const encodeFetch = require('kafkajs/src/protocol/requests/fetch/v11/request') as (fields: object) => object;
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error & { readonly type: string };
};

const NO_REPLICA = -1;
const READ_COMMITTED = 1;
/** How late new partitions are noticed. */
const METADATA_MS = 10_000;
/** How long a broker may wait for a first record. */
const WAIT_MS = 250;
const PARTITION_BYTES = 1 << 20;
const ANSWER_BYTES = 8 << 20;

/** Timestamps that stand for the ends of a partition (ListOffsets). */
export const FIRST_OFFSET = -2;
export const NEXT_OFFSET = -1;

/** A place in a partition. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** One topic as its brokers hold it. Each call is one attempt, and throws what kafkajs throws. */
export class TopicLog {
  readonly #topic: string;
  readonly #cluster: Cluster;

  constructor(client: Kafka, topic: string) {
    this.#topic = topic;
    this.#cluster = clusterOf(client);
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#topic);
  }

  /** Asks again who leads which partition. */
  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  /** As refresh, unless it is not long ago. */
  refreshIfOld(): Promise<void> {
    return this.#cluster.refreshMetadataIfNecessary();
  }

  /** The leader of each partition. */
  leaders(): ReadonlyMap<number, number> {
    const metadata = this.#cluster.findTopicPartitionMetadata(this.#topic);
    return new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader]));
  }

  /** The first offset of that time (ms since the epoch) or later, by partition; -1 where there is none. */
  async offsets(partitions: readonly number[], timestamp: number): Promise<ReadonlyMap<number, number>> {
    const query = { topic: this.#topic, partitions: partitions.map((partition) => ({ partition })) };
    const answers = await this.#cluster.fetchTopicsOffset([{ ...query, fromTimestamp: timestamp }]);
    const places = answers.flatMap((answer) => answer.partitions);
    return new Map(places.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** Committed records from the given places on, as much as one answer holds; empty pieces when there are none yet. */
  async fetch(node: number, places: readonly Place[]): Promise<readonly Piece[]> {
    const { connectionPool } = await this.#cluster.findBroker({ nodeId: node });
    const partitions = places.map(({ partition, offset }) => ({
      partition,
      fetchOffset: String(offset),
      maxBytes: PARTITION_BYTES,
    }));
    const request = encodeFetch({
      replicaId: NO_REPLICA,
      isolationLevel: READ_COMMITTED,
      maxWaitTime: WAIT_MS,
      minBytes: 1,
      maxBytes: ANSWER_BYTES,
      topics: [{ topic: this.#topic, partitions }],
    });
    return connectionPool.send({ request, response: { decode, parse } });
  }
}

/** What a broker said of a piece. */
export function errorOf(errorCode: number): Error & { readonly type: string } {
  return createErrorFromCode(errorCode);
}

const decode = async (bytes: Buffer) => decodeFetch(bytes);

async function parse({ errorCode, pieces }: FetchResponse): Promise<readonly Piece[]> {
  if (errorCode !== 0) throw errorOf(errorCode);
  return pieces;
}

function clusterOf(client: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) =>
    /createCluster$/.test(description ?? ''),
  );
  const create = symbol && (client as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  if (!create) throw new AcceptstreamError('INTERNAL', 'read from Kafka', 'this is not kafkajs 2.2.4');
  return create({ metadataMaxAge: METADATA_MS, allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED });
}
