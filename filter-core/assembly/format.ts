import { EVENT_TIME } from './fields';
import { JSON_FRAME, JSON_GROWTH, needAll, writeJson } from './json';
import { beginBlocks, canStage, gatherBlocks, stage } from './kafka';
import { long, OUTPUT, OUTPUT_BYTES, ROW_BYTES } from './memory';
import { canWrite, setColumns, writeRow } from './row';

/** What becomes of a kept record. */
const DATUM: i32 = 0;
const ROW: i32 = 1;
const JSON_LINE: i32 = 2;

/** Why a record was not written. */
export const DONE: i32 = 0;
export const OUTPUT_FULL: i32 = 1;
/** The next record's event_time is outside the zone. */
export const ZONE_LEFT: i32 = 2;
export const MALFORMED_INPUT: i32 = 3;

/** Longest datum that becomes JSON or a Kafka record: an empty output always takes it, whatever has to be escaped. */
const DATUM_MAX: usize = 0x8000;

let format: i32 = DATUM;
let inBlocks: bool = false;

/** Asks for rows as tcpaccept prints them, with -T and -t's columns. Without this or setJson, datums stay as they are. */
export function setText(clock: bool, seconds: bool): void {
  format = ROW;
  setColumns(clock, seconds);
}

/** Asks for flat JSON, a line per record. */
export function setJson(): void {
  format = JSON_LINE;
  needAll();
}

/** Asks for blocks of Kafka records, whose values have the format. */
export function setBlocks(): void {
  inBlocks = true;
}

/** The start of a run's output. */
export function begin(): usize {
  if (inBlocks) beginBlocks();
  return OUTPUT;
}

function mostBytes(bytes: usize): usize {
  if (format === JSON_LINE) return bytes * JSON_GROWTH + JSON_FRAME;
  return bytes + ROW_BYTES;
}

/** Why the record in the slots, of `bytes` bytes, can't be written at `out`, or DONE. */
export function obstacle(out: usize, bytes: usize): i32 {
  if ((inBlocks || format === JSON_LINE) && bytes > DATUM_MAX) return MALFORMED_INPUT;
  if (inBlocks) return canStage(<i32>mostBytes(bytes)) ? DONE : OUTPUT_FULL;
  if (out + mostBytes(bytes) > OUTPUT + OUTPUT_BYTES) return OUTPUT_FULL;
  return format !== ROW || canWrite() ? DONE : ZONE_LEFT;
}

/** Writes the record in the slots at `out`; answers the byte behind it. */
export function write(out: usize, datum: usize, bytes: usize): usize {
  if (inBlocks) return writeToBlock(out, datum, bytes);
  if (format === ROW) return writeRow(out);
  if (format === JSON_LINE) return writeJson(out);
  memory.copy(out, datum, bytes);
  return out + bytes;
}

// Nothing is at OUTPUT before the blocks are gathered: JSON is made there. Its newline is no part of the value.
function writeToBlock(out: usize, datum: usize, bytes: usize): usize {
  if (format === JSON_LINE) stage(OUTPUT, <i32>(writeJson(OUTPUT) - OUTPUT) - 1);
  else stage(datum, <i32>bytes);
  return out;
}

/** Ends a run's output; answers the byte behind it. */
export function finish(out: usize): usize {
  return inBlocks ? gatherBlocks() : out;
}

export function leavingInstant(): f64 {
  return <f64>long(EVENT_TIME);
}
