import { ExtData, encode } from '@msgpack/msgpack';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';

/** Fluent's EventTime as MessagePack's extension 0 holds it. */
export function eventTime(microseconds: number): ExtData {
  const seconds = Math.floor(microseconds / 1e6);
  const isTold = seconds >= 0 && seconds < 2 ** 32;
  const data = Buffer.alloc(8);
  if (isTold) data.writeUInt32BE(seconds, 0);
  if (isTold) data.writeUInt32BE((microseconds - seconds * 1e6) * 1000, 4);
  return new ExtData(0, data);
}

/** The names and values of a record, as any encoder of MessagePack takes them. */
export function fieldsOf(record: Accept): Record<string, unknown> {
  return Object.fromEntries(ACCEPT_FIELDS.map(({ name }) => [name, record[name]]));
}

/** A record as an entry of PackedForward, by @msgpack/msgpack. */
export function entry(record: Accept): Uint8Array {
  return encode([eventTime(record.event_time), fieldsOf(record)]);
}
