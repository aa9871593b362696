import type { Message, PartitionMetadata, RecordMetadata } from 'kafkajs';
import type { Block } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';

/** What kafkajs 2.2.4 writes with in place of a Message: it copies `buffer` into the batch. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/**
 * Blocks in the place of kafkajs's array of messages. kafkajs asks it for the messages of each partition, encodes those
 * by two calls of map, and writes the batch header, CRC, compression and sequence around what it gets. A wire test
 * holds the bytes against those of an ordinary send.
 */
export class BlockMessages {
  /** Those of the last attempt. */
  chosen: readonly Block[] = [];
  readonly #blocks: readonly Block[];

  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks;
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
    return Object.fromEntries(this.chosen.map((block) => [block.partition, new BlockRecords(block)]));
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
class BlockRecords {
  readonly length: number;
  readonly #block: Block;

  constructor(block: Block) {
    this.length = block.records;
    this.#block = block;
  }

  // The first call reads timestamps, of which kafkajs takes the least and the greatest; the second encodes records.
  map(encode: (message: Message, index: number) => unknown): unknown[] {
    const { firstTimestamp, maxTimestamp, bytes, records } = this.#block;
    const message = { value: null, timestamp: String(firstTimestamp) };
    if (encode(message, 0) === message.timestamp) return [firstTimestamp, maxTimestamp];
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sparse: Encoded[] = [{ buf: buffer, buffer }];
    sparse.length = records;
    return sparse;
  }
}

function fewerPartitions(partitions: number): AcceptstreamError {
  const message = `the topic has only ${partitions} partitions now: it was made anew; start again`;
  return new AcceptstreamError('SINK', 'write to Kafka', message);
}
