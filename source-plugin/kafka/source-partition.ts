import { AcceptstreamError } from '../../schemas/error.js';
import { FIRST_OFFSET, NEXT_OFFSET, type TopicLog } from './source-log.js';

/** How far one partition has been read. Offsets are Kafka's. */
export interface Partition {
  readonly id: number;
  readonly start: number;
  /** The first offset that is not read any more. */
  readonly end: number;
  /** Of the next record. */
  position: number;
}

export interface Range {
  /** Timestamp of the first record, ms since the epoch. */
  readonly from: 'beginning' | number;
  /** Without an end. */
  readonly follow: boolean;
}

/** All partitions of a topic, at their start. Ends are those of this moment: what is committed by now. */
export async function partitionsOf(log: TopicLog, { from, follow }: Range): Promise<Partition[]> {
  const ids = [...log.leaders().keys()].sort((one, other) => one - other);
  const ends = await log.offsets(ids, NEXT_OFFSET);
  const starts = await log.offsets(ids, from === 'beginning' ? FIRST_OFFSET : from);
  return ids.map((id) => {
    const last = ends.get(id) ?? 0;
    const found = starts.get(id) ?? -1;
    const start = found < 0 ? last : found;
    return { id, start, end: follow ? Number.POSITIVE_INFINITY : Math.max(start, last), position: start };
  });
}

export const isRead = ({ position, end }: Partition): boolean => position >= end;

/**
 * Goes on behind what the brokers have deleted since; answers how many records that were to be read are gone.
 * Throws SINK when the records ahead are gone for another reason.
 */
export async function skipDeleted(log: TopicLog, partition: Partition): Promise<number> {
  const first = (await log.offsets([partition.id], FIRST_OFFSET)).get(partition.id) ?? 0;
  if (first <= partition.position) throw cutBack(partition);
  const to = Math.min(first, partition.end);
  const gone = to - partition.position;
  partition.position = to;
  return gone;
}

function cutBack({ id, position }: Partition): AcceptstreamError {
  const what = `partition ${id} ends before offset ${position} now: the topic was created anew, or has lost records`;
  return new AcceptstreamError('SINK', 'read from Kafka', `${what}; read it again`);
}
