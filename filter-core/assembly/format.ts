import { EVENT_TIME } from './fields';
import { beginBlocks, canStage, gatherBlocks, stage } from './kafka';
import { long, OUTPUT, OUTPUT_BYTES, ROW_BYTES } from './memory';
import { DATUM_MAX } from './nested';
import { canWrite, setColumns, writeRow } from './row';
import { mostDatumBytes, mostLineBytes, setTemplate, writeLine } from './template';
import { setWideColumns, writeWideRow } from './wide';

/** What becomes of a kept record. */
const DATUM: i32 = 0;
const ROW: i32 = 1;
const WIDE_ROW: i32 = 2;
const LINE: i32 = 3;

/** Why a record was not written. */
export const DONE: i32 = 0;
export const OUTPUT_FULL: i32 = 1;
/** The next record's event_time is outside the zone. */
export const ZONE_LEFT: i32 = 2;
export const MALFORMED_INPUT: i32 = 3;
export const TOO_LONG: i32 = 4;

let format: i32 = DATUM;
let inBlocks: bool = false;
/** longest() where it holds: rows and datums are as long as they need to be. */
let most: usize = usize.MAX_VALUE;

/** Asks for rows as tcpaccept prints them, or wide ones, with -T and -t's columns. */
export function setTable(wide: bool, clock: bool, seconds: bool): void {
  format = wide ? WIDE_ROW : ROW;
  setColumns(clock, seconds);
  if (wide) setWideColumns();
}

/** Asks for a line of JSON per record, in one of the formats of templates.ts. */
export function setLines(template: i32): void {
  format = LINE;
  setTemplate(template);
  most = <usize>longest();
}

/** Asks for blocks of Kafka records, whose values have the format. */
export function setBlocks(): void {
  inBlocks = true;
  most = <usize>longest();
}

/** The start of a run's output. */
export function begin(): usize {
  if (inBlocks) beginBlocks();
  return OUTPUT;
}

function mostBytes(bytes: usize): usize {
  return format === LINE ? mostLineBytes(bytes) : bytes + ROW_BYTES;
}

/** The most bytes of a datum that JSON and Kafka records take: what becomes of it fits into an empty output. */
export function longest(): i32 {
  return format === LINE ? min(DATUM_MAX, mostDatumBytes(OUTPUT_BYTES)) : DATUM_MAX;
}

/** Why the record in the slots, of `bytes` bytes, can't be written at `out`, or DONE. */
export function obstacle(out: usize, bytes: usize): i32 {
  if (bytes > most) return TOO_LONG;
  if (inBlocks) return canStage(<i32>mostBytes(bytes)) ? DONE : OUTPUT_FULL;
  if (out + mostBytes(bytes) > OUTPUT + OUTPUT_BYTES) return OUTPUT_FULL;
  return canWrite() ? DONE : ZONE_LEFT;
}

/** Writes the record in the slots at `out`; answers the byte behind it. */
export function write(out: usize, datum: usize, bytes: usize): usize {
  if (inBlocks) return writeToBlock(out, datum, bytes);
  if (format === ROW) return writeRow(out);
  if (format === LINE) return writeLine(out);
  if (format === WIDE_ROW) return writeWideRow(out);
  memory.copy(out, datum, bytes);
  return out + bytes;
}

// Nothing is at OUTPUT before the blocks are gathered: JSON is made there. Its newline is no part of the value.
function writeToBlock(out: usize, datum: usize, bytes: usize): usize {
  if (format === LINE) stage(OUTPUT, <i32>(writeLine(OUTPUT) - OUTPUT) - 1);
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
