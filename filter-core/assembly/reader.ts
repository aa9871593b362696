import { isNeeded, PLAN, STEP_BYTES, setSlot, setText } from './memory';
import { skipVarints, varint, varintBytes, zigzag } from './varint';

/** Kinds of a plan's steps. */
export const INT: i32 = 0;
export const LONG: i32 = 1;
export const BOOLEAN: i32 = 2;
export const STRING: i32 = 3;
export const FIXED: i32 = 4;

/** What readDatum answers when the bytes are no datum. */
export const MALFORMED: usize = 0;

let planEnd: usize = PLAN;

function kindOf(step: usize): i32 {
  return load<u8>(step);
}

/** Whether an int is among the numbers from this step on that nobody needs. */
function hasInt(step: usize): bool {
  return load<u8>(step, 1) !== 0;
}

function slotOf(step: usize): i32 {
  return load<u16>(step, 2);
}

/** Bytes of a fixed; of a number, how many from this step on nobody needs. */
function sizeOf(step: usize): u32 {
  return load<u32>(step, 4);
}

/** Takes `fields` steps of the plan into use. The filter and the columns must be set before. */
export function setPlan(fields: i32): void {
  planEnd = PLAN + <usize>(fields * STEP_BYTES);
  let run = 0;
  let ints = false;
  for (let step = planEnd - STEP_BYTES; step >= PLAN; step -= STEP_BYTES) {
    const unneeded = kindOf(step) <= LONG && !isNeeded(slotOf(step));
    run = unneeded ? run + 1 : 0;
    ints = unneeded && (ints || kindOf(step) === INT);
    store<u8>(step, u8(ints), 1);
    if (kindOf(step) <= LONG) store<u32>(step, run, 4);
  }
}

/** Makes -1 of a number that the writer schema lacks; a string is empty, a boolean false without this. */
export function setUnknown(slot: i32): void {
  setSlot(slot, -1);
}

function readNumber(at: usize, step: usize): usize {
  const first = load<u8>(at);
  if (first < 0x80) {
    setSlot(slotOf(step), zigzag(first));
    return at + 1;
  }
  const bytes = varintBytes(at);
  const raw = varint(at, bytes);
  if (bytes === 0 || (kindOf(step) === INT && raw > u32.MAX_VALUE)) return MALFORMED;
  setSlot(slotOf(step), zigzag(raw));
  return at + bytes;
}

function readBoolean(at: usize, step: usize): usize {
  const value = load<u8>(at);
  setSlot(slotOf(step), value);
  return value > 1 ? MALFORMED : at + 1;
}

function readString(at: usize, end: usize, step: usize): usize {
  const bytes = varintBytes(at);
  if (bytes === 0) return MALFORMED;
  const length = zigzag(varint(at, bytes));
  at += bytes;
  if (length < 0 || length > <i64>end - <i64>at) return MALFORMED;
  setText(slotOf(step), at, <u32>length);
  return at + <usize>length;
}

function skipFixed(at: usize, end: usize, step: usize): usize {
  const bytes = sizeOf(step);
  return <i64>bytes > <i64>end - <i64>at ? MALFORMED : at + bytes;
}

function readField(at: usize, end: usize, step: usize): usize {
  const kind = kindOf(step);
  if (kind <= LONG) return readNumber(at, step);
  if (kind === STRING) return readString(at, end, step);
  if (kind === BOOLEAN) return readBoolean(at, step);
  return skipFixed(at, end, step);
}

/** Reads the datum at `at` into the slots; answers the first byte behind it, or MALFORMED. */
export function readDatum(at: usize, end: usize): usize {
  const stop = planEnd;
  for (let step = PLAN; step < stop; step += STEP_BYTES) {
    const kind = kindOf(step);
    const first = load<u8>(at);
    if (kind === STRING && (first & 0x81) === 0) {
      const length: u32 = first >> 1;
      setText(slotOf(step), at + 1, length);
      at += 1 + length;
      continue;
    }
    if (kind <= LONG && sizeOf(step) > 0) {
      const skipped = skipVarints(at, sizeOf(step), hasInt(step));
      if (skipped !== 0) {
        at = skipped;
        step += (sizeOf(step) - 1) * STEP_BYTES;
        continue;
      }
    }
    at = readField(at, end, step);
    if (at === MALFORMED) return MALFORMED;
  }
  return at <= end ? at : MALFORMED;
}
