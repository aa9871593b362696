// The records that producers are compared with: keys and values of the fixed data set.
import { encodeEvents } from '../../dist/native/index.js';
import { IDENTITY, makeBatches } from './events.mjs';
import { type } from './records.mjs';

export const BATCH_EVENTS = 400;
const DATUM_BYTES = 1024;

/** Batches of kernel events as the ring holds them. */
export const eventBatches = (batches) => makeBatches(batches * BATCH_EVENTS, BATCH_EVENTS);

/** Confluent's framing: 0x00, schema id as int32. */
const FRAME = Buffer.from([0, 0, 0, 0, 1]);

function recordsOf(events) {
  const datums = Buffer.alloc(BATCH_EVENTS * DATUM_BYTES);
  const bytes = encodeEvents(events, IDENTITY, datums);
  const records = [];
  for (let offset = 0; offset < bytes; ) {
    const { value, offset: end } = type.decode(datums, offset);
    const framed = Buffer.concat([FRAME, datums.subarray(offset, end)]);
    records.push({ key: value.remote_address, value: framed, timestamp: value.event_time });
    offset = end;
  }
  return records;
}

/** The same batches as keys, framed values and times in microseconds. */
export const recordBatches = (batches) => eventBatches(batches).map(recordsOf);
