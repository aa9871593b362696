import type { CompressionTypes, Kafka, PartitionMetadata, Producer, RecordMetadata } from 'kafkajs';
import type { Block } from '../../filter-core/index.js';
import { BlockMessages } from './messages.js';
import { patchProduce } from './patches.js';
import { RequestMemory } from './request-memory.js';

const ALL_IN_SYNC = -1;
const ACKNOWLEDGE_MS = 30_000;
/** Sequence numbers are int32. kafkajs goes from the last one to 0 wherever in a batch that falls; brokers don't. */
const LAST_SEQUENCE = 2 ** 31 - 1;

export interface ProducerOptions {
  readonly client: Kafka;
  readonly topic: string;
  readonly compression: CompressionTypes;
  /** Told what the brokers say about the topic, at each attempt. */
  onMetadata(metadata: readonly PartitionMetadata[]): void;
  readonly lastSequence?: number;
}

/**
 * An idempotent producer of blocks. After a rejection only the same blocks may be sent again: kafkajs has given their
 * sequence numbers back, and a broker that stored them would take others for duplicates and drop them. Else `renew`.
 */
export class BlockProducer {
  readonly #options: ProducerOptions;
  readonly #lastSequence: number;
  #producer: Producer | undefined;
  /** Records since the producer started, by partition. */
  #sequences = new Map<number, number>();
  readonly #memory = new RequestMemory();

  constructor(options: ProducerOptions) {
    patchProduce();
    this.#options = options;
    this.#lastSequence = options.lastSequence ?? LAST_SEQUENCE;
  }

  async connect(): Promise<void> {
    const producer = this.#create();
    try {
      await producer.connect();
    } catch (error) {
      // It would still send, but without a producer id.
      await producer.disconnect().catch(() => {});
      throw error;
    }
    this.#sequences = new Map();
    this.#producer = producer;
  }

  /** One attempt. Resolves with the blocks that all in-sync replicas have; some of `blocks`, or all. */
  async send(blocks: readonly Block[]): Promise<Set<Block>> {
    if (blocks.some((block) => this.#sequenceAfter(block) > this.#lastSequence)) await this.renew();
    if (this.#producer === undefined) await this.connect();
    const messages = new BlockMessages(blocks, this.#memory);
    const acknowledged = messages.acknowledged(await this.#request(messages));
    for (const block of acknowledged) this.#sequences.set(block.partition, this.#sequenceAfter(block));
    return acknowledged;
  }

  async #request(messages: BlockMessages): Promise<RecordMetadata[]> {
    const { topic, compression } = this.#options;
    const how = { acks: ALL_IN_SYNC, timeout: ACKNOWLEDGE_MS };
    try {
      return (await this.#producer?.send({ topic, compression, messages: messages.asMessages(), ...how })) ?? [];
    } catch (error) {
      this.#memory.abandon();
      throw error;
    }
  }

  /** Forgets the producer; the next attempt starts a new one. */
  async renew(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => {});
  }

  #sequenceAfter({ partition, records }: Block): number {
    return (this.#sequences.get(partition) ?? 0) + records;
  }

  // Retries are ours: kafkajs's own would hide the reason of each. It refuses 0 of them; NaN is none, too.
  #create(): Producer {
    return this.#options.client.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      retry: { retries: Number.NaN },
      createPartitioner: () => (call) => {
        this.#options.onMetadata(call.partitionMetadata);
        (call.message as unknown as BlockMessages).choose(call.partitionMetadata);
        return 0;
      },
    });
  }
}
