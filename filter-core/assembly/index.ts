import { EVENT_TIME } from './fields';
import { passes } from './filter';
import { INPUT, long, OUTPUT, OUTPUT_BYTES, ROW_BYTES } from './memory';
import { MALFORMED, readDatum } from './reader';
import { canWrite, setColumns, writeRow } from './row';

export { setFilter } from './filter';
export {
  INPUT,
  INPUT_BYTES,
  NO_SLOT,
  OUTPUT,
  OUTPUT_BYTES,
  PLAN,
  PLAN_FIELDS,
  PORTS,
  PORTS_BYTES,
  STEP_BYTES,
} from './memory';
export { BOOLEAN, FIXED, INT, LONG, STRING, setPlan, setUnknown } from './reader';
export { setZone } from './time';

/** Why run() came back. */
export const DONE: i32 = 0;
export const OUTPUT_FULL: i32 = 1;
/** The next record's `instant` is outside the zone. */
export const ZONE_LEFT: i32 = 2;
export const MALFORMED_INPUT: i32 = 3;

// What the last run() did.
/** Input offset of the first datum that was not taken. */
export let position: i32 = 0;
/** Bytes at OUTPUT. */
export let written: i32 = 0;
export let received: i32 = 0;
export let kept: i32 = 0;
export let instant: f64 = 0;

let asText: bool = false;

/** Asks for rows as tcpaccept prints them, with -T and -t's columns; else the datums are passed on as they are. */
export function setText(clock: bool, seconds: bool): void {
  asText = true;
  setColumns(clock, seconds);
}

function write(out: usize, datum: usize, bytes: usize): usize {
  if (asText) return writeRow(out);
  memory.copy(out, datum, bytes);
  return out + bytes;
}

/** Why the record in the slots can't be written at `out`, or DONE. */
function obstacle(out: usize, bytes: usize): i32 {
  if (out + bytes + ROW_BYTES > OUTPUT + OUTPUT_BYTES) return OUTPUT_FULL;
  if (!asText || canWrite()) return DONE;
  instant = <f64>long(EVENT_TIME);
  return ZONE_LEFT;
}

/** Reads datums from input offset `from` to `to` and writes what passes to the start of the output. */
export function run(from: i32, to: i32): i32 {
  const end = INPUT + <usize>to;
  let at = INPUT + <usize>from;
  let out = OUTPUT;
  let status = DONE;
  received = 0;
  kept = 0;
  while (at < end) {
    const next = readDatum(at, end);
    if (next === MALFORMED) {
      status = MALFORMED_INPUT;
      break;
    }
    if (passes()) {
      status = obstacle(out, next - at);
      if (status !== DONE) break;
      out = write(out, at, next - at);
      kept++;
    }
    received++;
    at = next;
  }
  position = <i32>(at - INPUT);
  written = <i32>(out - OUTPUT);
  return status;
}
