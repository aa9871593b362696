import { FIELD_COUNT } from './fields';

// Everything lives in static memory: nothing is allocated and the memory never grows, so the host's views stay valid.

/** Fields a writer schema may have at most. */
export const PLAN_FIELDS: i32 = 256;
export const INPUT_BYTES: i32 = 0x40000;
/** Longest row without its addresses and padding. */
export const ROW_BYTES: i32 = 384;
/** A row is never longer than its datum and ROW_BYTES, so an empty output always takes one. */
export const OUTPUT_BYTES: i32 = INPUT_BYTES + ROW_BYTES;
export const PORTS_BYTES: i32 = 65536 / 8;

/** Longest number, or string whose length has one byte. */
const SHORT_BYTES: i32 = 64;
const WORD_BYTES: i32 = 8;

// A datum cut short is noticed once its last field is read: until then reads may run on by a short field per step.
export const INPUT: usize = memory.data(INPUT_BYTES + PLAN_FIELDS * SHORT_BYTES + WORD_BYTES, 16);
// Cells are stored by words, past what counts of them.
export const OUTPUT: usize = memory.data(OUTPUT_BYTES + 2 * WORD_BYTES, 16);
/** One bit per local port, lowest bit first. */
export const PORTS: usize = memory.data(PORTS_BYTES, 16);
/** The same of remote ports. */
export const REMOTE_PORTS: usize = memory.data(PORTS_BYTES, 16);

/**
 * A step of the plan, one per field of the writer schema: u8 kind, u8 left to the reader, u16 slot or number of parts,
 * u32 operand. The reader keeps a step of its own in front.
 */
export const STEP_BYTES: i32 = 8;
export const PLAN: usize = memory.data((PLAN_FIELDS + 1) * STEP_BYTES, 16) + STEP_BYTES;
/** Steps inside of others: the types in unions, arrays, maps and records. */
export const PARTS_MAX: i32 = 1024;
export const PARTS: usize = memory.data(PARTS_MAX * STEP_BYTES, 16);

/** Slot of a field that our schema has not. */
export const NO_SLOT: i32 = FIELD_COUNT;
/** The record at hand, 8 bytes per field: a number, or a string's address (low half) and length (high half). */
const SLOTS: usize = memory.data((FIELD_COUNT + 1) * 8, 16);

/** One byte per slot: whether the filter or the format reads it. */
const NEEDED: usize = memory.data(FIELD_COUNT + 1, 16);

export function kindOf(step: usize): i32 {
  return load<u8>(step);
}

export function slotOf(step: usize): i32 {
  return load<u16>(step, 2);
}

/** How many parts a union or record has. */
export function partsOf(step: usize): u32 {
  return load<u16>(step, 2);
}

/** Bytes of a fixed, number of a step's first part, or what an absent value stands for. */
export function operandOf(step: usize): u32 {
  return load<u32>(step, 4);
}

export function need(field: i32): void {
  store<bool>(NEEDED + <usize>field, true);
}

export function isNeeded(slot: i32): bool {
  return load<bool>(NEEDED + <usize>slot);
}

export function setSlot(slot: u32, value: i64): void {
  store<i64>(SLOTS + ((<usize>slot) << 3), value);
}

export function setText(slot: u32, start: usize, length: u32): void {
  store<u32>(SLOTS + ((<usize>slot) << 3), start);
  store<u32>(SLOTS + ((<usize>slot) << 3), length, 4);
}

export function long(field: i32): i64 {
  return load<i64>(SLOTS + ((<usize>field) << 3));
}

export function int(field: i32): i32 {
  return load<i32>(SLOTS + ((<usize>field) << 3));
}

export function textStart(field: i32): usize {
  return load<u32>(SLOTS + ((<usize>field) << 3));
}

export function textLength(field: i32): i32 {
  return load<i32>(SLOTS + ((<usize>field) << 3), 4);
}
