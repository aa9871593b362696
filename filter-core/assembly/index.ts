import { passes } from './filter';
import { begin, DONE, finish, leavingInstant, MALFORMED_INPUT, obstacle, write } from './format';
import { INPUT, OUTPUT } from './memory';
import { DATUM_MAX, MALFORMED } from './nested';
import { isWithinRate } from './rate';
import { isStart, readDatum } from './reader';

export { setFilter, setMore } from './filter';
export {
  DONE,
  longest,
  MALFORMED_INPUT,
  OUTPUT_FULL,
  setBlocks,
  setLines,
  setTable,
  TOO_LONG,
  ZONE_LEFT,
} from './format';
export {
  BLOCK_BYTES,
  BLOCKS,
  blocks,
  HEADERS,
  HEADERS_MAX,
  KEY_HOST,
  KEY_LOCAL_PORT,
  KEY_NONE,
  KEY_PROCESS,
  KEY_REMOTE_ADDRESS,
  PARTITIONS_MAX,
  setKafka,
} from './kafka';
export {
  CGROUPS,
  COMMS,
  CONTAINERS,
  LIST_MAX,
  NETNSES,
  setLists,
  setPlaces,
  TEXT_BYTES,
  TEXT_MAX,
  TEXTS_MAX,
  UIDS,
} from './lists';
export {
  INPUT,
  INPUT_BYTES,
  NO_SLOT,
  OUTPUT,
  OUTPUT_BYTES,
  PARTS,
  PARTS_MAX,
  PLAN,
  PLAN_FIELDS,
  PORTS,
  PORTS_BYTES,
  REMOTE_PORTS,
  STEP_BYTES,
} from './memory';
export {
  ABSENT,
  ARRAY,
  BOOLEAN,
  DATUM_MAX,
  FIXED,
  INT,
  LONG,
  MAP,
  RECORD,
  STRING,
  UNION,
  UNREADABLE,
} from './nested';
export { BOUNDARIES, BOUNDARIES_MAX, BOUNDARY_BYTES, NETS_MAX, setNets } from './nets';
export {
  forgetSuppressed,
  RATE_BYTES,
  RATE_COMM,
  RATE_LOCAL_PORT,
  RATE_PID,
  RATE_PLACES,
  RATE_REMOTE_ADDRESS,
  RATES,
  setRate,
  suppressed,
  suppressedKeys,
  unlimited,
} from './rate';
export { setPlan, setUnknown } from './reader';
export { ECS, FORWARD, JSON, OCSF, OTEL } from './templates';
export { setZone } from './time';

// What the last run() did.
/** Input offset of the first datum that was not taken. */
export let position: i32 = 0;
/** Bytes at OUTPUT. */
export let written: i32 = 0;
export let received: i32 = 0;
export let kept: i32 = 0;
/** event_time of the record that left the zone. */
export let instant: f64 = 0;

/** Whether the bytes from input offset `from` to `to` are one datum and nothing else. */
export function isDatum(from: i32, to: i32): bool {
  const end = INPUT + <usize>to;
  return from < to && readDatum(INPUT + <usize>from, end) === end;
}

/** What measure() found behind the datums that it counted. */
export const WHOLE: i32 = 0;
export const CUT: i32 = 1;
export const WRONG: i32 = 2;

/**
 * Counts datums from input offset `from` to `to`, up to `most`, in `received`, and sets `position` behind them. None may be
 * longer than DATUM_MAX.
 */
export function measure(from: i32, to: i32, most: i32): i32 {
  const end = INPUT + <usize>to;
  let at = INPUT + <usize>from;
  let found = WHOLE;
  received = 0;
  while (at < end && received < most) {
    const next = readDatum(at, end);
    if (next === MALFORMED || next - at > <usize>DATUM_MAX) {
      found = next === MALFORMED && end - at <= <usize>DATUM_MAX && isStart(at, end) ? CUT : WRONG;
      break;
    }
    received++;
    at = next;
  }
  position = <i32>(at - INPUT);
  return found;
}

/** Reads datums from input offset `from` to `to` and writes what passes to the start of the output. */
export function run(from: i32, to: i32): i32 {
  const end = INPUT + <usize>to;
  let at = INPUT + <usize>from;
  let out = begin();
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
      // Not before it is sure that the record is not read again.
      if (isWithinRate()) {
        out = write(out, at, next - at);
        kept++;
      }
    }
    received++;
    at = next;
  }
  instant = leavingInstant();
  position = <i32>(at - INPUT);
  written = <i32>(finish(out) - OUTPUT);
  return status;
}
