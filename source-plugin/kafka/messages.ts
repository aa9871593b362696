import type { Message, PartitionMetadata, RecordMetadata } from 'kafkajs';
import type { Block } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import type { RequestMemory } from './request-memory.js';

/**
 * Blocks in the place of kafkajs's array of messages. kafkajs asks it for the messages of each partition, finds the
 * leader, gives sequence numbers by the count of records, and has a request made of what it got (patches.ts).
 */
export class BlockMessages {
  /** Those of the last attempt. */
  chosen: readonly Block[] = [];
  readonly #blocks: readonly Block[];
  readonly #memory: RequestMemory;

  /** `memory` is for the request of this send. */
  constructor(blocks: readonly Block[], memory: RequestMemory) {
    this.#blocks = blocks;
    this.#memory = memory;
  }

  /** The type that kafkajs knows it by. */
  asMessages(): Message[] {
    return this as unknown as Message[];
  }

  // kafkajs looks for a message without a value.
  find(): undefined {
    return undefined;
  }

  /**
   * The records of each partition, grouped by `group`, which calls the partitioner, which calls `choose`.
   *
   * One attempt goes to one broker. To several at once kafkajs sends again to one that has answered meanwhile, with new
   * sequence numbers (duplicates), and leaves out a partition whose leader moves to one that has answered (loss).
   */
  reduce(group: (groups: object, message: this) => object): Record<number, BlockRecords> {
    group({}, this);
    return Object.fromEntries(this.chosen.map((block) => [block.partition, new BlockRecords(block, this.#memory)]));
  }

  choose(metadata: readonly PartitionMetadata[]): void {
    const leaders = new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader]));
    const first = this.#blocks[0];
    const leader = first && leaders.get(first.partition);
    if (leader === undefined) throw fewerPartitions(metadata.length);
    const firsts = new Map<number, Block>();
    for (const block of this.#blocks) if (!firsts.has(block.partition)) firsts.set(block.partition, block);
    this.chosen = [...firsts.values()].filter(({ partition }) => leaders.get(partition) === leader);
  }

  /** The blocks that a broker has acknowledged. */
  acknowledged(answers: readonly RecordMetadata[]): Set<Block> {
    const partitions = new Set(answers.map(({ partition }) => partition));
    return new Set(this.chosen.filter(({ partition }) => partitions.has(partition)));
  }
}

/** One block in the place of an array of messages. */
export class BlockRecords {
  readonly length: number;
  readonly block: Block;
  readonly memory: RequestMemory;

  constructor(block: Block, memory: RequestMemory) {
    this.length = block.records;
    this.block = block;
    this.memory = memory;
  }
}

function fewerPartitions(partitions: number): AcceptstreamError {
  const message = `the topic has only ${partitions} partitions now: it was made anew; start again`;
  return new AcceptstreamError('SINK', 'write to Kafka', message);
}
