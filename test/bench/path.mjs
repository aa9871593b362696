// Kernel events to a file: native encode, core, write, beside the same through avsc and plain JavaScript.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { loadCore } from '../../dist/filter-core/index.js';
import { encodeEvents } from '../../dist/native/index.js';
import { rounds, throughAvsc } from './core.mjs';
import { IDENTITY, makeBatches } from './events.mjs';
import { readEvent } from './plain.mjs';
import { FILTER, type } from './records.mjs';
import { outputPath } from './scratch.mjs';

const EVENTS = 50_000;
// As many as the core's input holds.
const BATCH_EVENTS = 400;
const PASSES = 16;
const COMPARED_BATCHES = 50;

function ours(core, batches, fd) {
  for (const batch of batches) {
    const bytes = encodeEvents(batch, IDENTITY, core.input);
    for (const portion of core.portions(bytes)) writeSync(fd, portion.bytes);
  }
}

function plainDatums(batch, wall) {
  const datums = [];
  for (let at = 0; at < batch.length; at += 4 + batch.readUInt32LE(at)) {
    datums.push(type.toBuffer(readEvent(batch, at + 4, wall)));
  }
  return Buffer.concat(datums);
}

function plain(batches, fd) {
  const wall = (Date.now() - performance.now()) * 1e6;
  for (const batch of batches) writeSync(fd, throughAvsc(plainDatums(batch, wall)));
}

/** The records of datums, but for the wall clock's times. */
function timeless(datums) {
  const records = [];
  for (let at = 0; at < datums.length; ) {
    const { value, offset } = type.decode(datums, at);
    records.push({ ...value, event_time: 0, process_start: 0 });
    at = offset;
  }
  return records;
}

/** Whether both make the same record of every event, all fields of it. */
function sameRecords(core, batch) {
  const datums = core.input.subarray(0, encodeEvents(batch, IDENTITY, core.input));
  return isDeepStrictEqual(timeless(Buffer.from(datums)), timeless(plainDatums(batch, 0)));
}

/** @returns what `write` writes to a file that was empty */
function written(fd, path, write) {
  ftruncateSync(fd);
  write();
  return readFileSync(path);
}

/** @returns {Promise<{name: string, unit: string, values: number[]}[]>} One value per round. */
export async function benchPath() {
  const core = await loadCore({ format: 'tcpaccept', filter: FILTER });
  const batches = makeBatches(EVENTS, BATCH_EVENTS);
  const compared = batches.slice(0, COMPARED_BATCHES);
  const path = outputPath('path');
  const fd = openSync(path, 'a');
  const emptied = (write) => () => {
    ftruncateSync(fd);
    write();
  };
  const same = written(fd, path, () => ours(core, compared, fd)).equals(written(fd, path, () => plain(compared, fd)));
  if (!same || !compared.every((batch) => sameRecords(core, batch)))
    throw new Error('the native path and plain JavaScript disagree on the data set');
  const measures = [
    rounds(
      'native encode, core, write',
      EVENTS,
      PASSES,
      emptied(() => ours(core, batches, fd)),
    ),
    rounds(
      'plain JavaScript and avsc: encode, decode, filter, text, write',
      COMPARED_BATCHES * BATCH_EVENTS,
      4,
      emptied(() => plain(compared, fd)),
    ),
  ];
  closeSync(fd);
  return measures;
}
