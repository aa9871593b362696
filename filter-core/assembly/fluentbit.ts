import { ID, ID_BYTES, makeId } from './community';
import { EVENT_TIME } from './fields';
import { passes } from './filter';
import { gap, gapEnd, hasTime, lacksId, readMembers } from './members';
import { INPUT, INPUT_BYTES, OUTPUT, setSlot } from './memory';
import { isWithinRate } from './rate';
import { applyRules } from './rules';

// The core as a filter of Fluent Bit (filter_wasm with event_format json): one record a call, as JSON.

export { CGROUPS, COMMS, CONTAINERS, NETNSES, TEXT_BYTES, UIDS } from './lists';
export { PORTS, PORTS_BYTES, REMOTE_PORTS } from './memory';
export { BOUNDARIES, BOUNDARIES_MAX, BOUNDARY_BYTES } from './nets';
export { RATE_COMM, RATE_LOCAL_PORT, RATE_PID, RATE_REMOTE_ADDRESS } from './rate';
export {
  RULE_BYTES,
  RULE_FILTER,
  RULE_LISTS,
  RULE_LOCAL,
  RULE_MORE,
  RULE_PLACES,
  RULE_RATE,
  RULE_REMOTE,
  RULES,
} from './rules';

/** The empty text, by which a record is dropped. */
const NOTHING: usize = memory.data<u8>([0]);
/** ,"community_id":" */
const MEMBER: usize = memory.data<u8>([44, 34, 99, 111, 109, 109, 117, 110, 105, 116, 121, 95, 105, 100, 34, 58]);
const MEMBER_BYTES: usize = 16;
const QUOTE: u8 = 0x22;

applyRules();

function put(out: usize, from: usize, bytes: usize): usize {
  memory.copy(out, from, bytes);
  return out + bytes;
}

/** The record with its Community ID; as it came when it has one, or none can be made. */
function identified(record: usize, length: usize): usize {
  if (!lacksId || !makeId()) return record;
  let out = put(OUTPUT, record, gap - INPUT);
  if (gap === gapEnd) out = put(out, MEMBER, MEMBER_BYTES);
  store<u8>(out++, QUOTE);
  out = put(out, ID, ID_BYTES);
  store<u8>(out++, QUOTE);
  const behind = gapEnd - INPUT;
  out = put(out, record + behind, length - behind);
  store<u8>(out, 0);
  return OUTPUT;
}

/**
 * Answers the address of a text that ends with a zero: the record, the one that takes its place, or the empty text, which
 * drops it. What is no record of ours, or too long to be one, stays as it came. Addresses in `record` are in the caller's
 * hand only until the next call.
 */
export function acceptstream_filter(
  _tag: usize,
  _tagLength: i32,
  seconds: u32,
  nanoseconds: u32,
  record: usize,
  length: u32,
): usize {
  // A host that had no memory left for the record calls all the same.
  if (record === 0 || length > <u32>INPUT_BYTES) return record;
  memory.copy(INPUT, record, length);
  store<u64>(INPUT + length, 0);
  if (!readMembers(INPUT, INPUT + length)) return record;
  if (!hasTime()) setSlot(EVENT_TIME, <i64>seconds * 1000000 + nanoseconds / 1000);
  return passes() && isWithinRate() ? identified(record, length) : NOTHING;
}
