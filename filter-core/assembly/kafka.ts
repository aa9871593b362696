import { EVENT_TIME, HOST, HOST_ID, LOCAL_PORT, PID, PROCESS_START, REMOTE_ADDRESS } from './fields';
import { long, need, OUTPUT, OUTPUT_BYTES, textLength, textStart } from './memory';
import { murmur2 } from './murmur2';
import { writeInteger } from './text';
import { putVarint, varintLength } from './varint';

// Kafka's record format v2 (KIP-98). A record:
//   length varint · attributes i8 · timestampDelta varlong · offsetDelta varint · keyLength varint · key ·
//   valueLength varint · value · headers
// Deltas count from the first record of the block, and a block is what goes to one partition. Records are staged in
// the order of the input with the deltas of their blocks, and gathered by partition at the end.

export const KEY_NONE: i32 = 0;
export const KEY_HOST: i32 = 1;
export const KEY_REMOTE_ADDRESS: i32 = 2;
export const KEY_LOCAL_PORT: i32 = 3;
export const KEY_PROCESS: i32 = 4;

export const PARTITIONS_MAX: i32 = 10000;
/** As the wire has them: varint count, then key and value of each, led by their varint lengths. */
export const HEADERS_MAX: i32 = 256;
export const HEADERS: usize = memory.data(HEADERS_MAX, 16);

const RECORDS_MAX: i32 = 8192;
const HOST_MAX: i32 = 1024;
const VARINTS_MAX: i32 = 40;
const MAGIC_BYTES: i32 = 5;
const COLON: u8 = 0x3a;

/** Per block: i32 partition, offset in OUTPUT, bytes, records; f64 first and maximum timestamp in ms. */
export const BLOCK_BYTES: i32 = 32;
export const BLOCKS: usize = memory.data(RECORDS_MAX * BLOCK_BYTES, 16);

/** Per staged record: u32 block, u32 bytes. */
const ENTRIES: usize = memory.data(RECORDS_MAX * 8, 16);
/** Per partition: u16 number of its block from 1 on, 0 for none yet. */
const BLOCK_OF: usize = memory.data(PARTITIONS_MAX * 2, 16);
const STAGE: usize = memory.data(OUTPUT_BYTES + 16, 16);
const KEY_TEXT: usize = memory.data(HOST_MAX + 64, 16);

let partitions: u32 = 1;
let keyKind: i32 = KEY_NONE;
let headersBytes: i32 = 0;
/** Confluent framing: 0x00 and the schema id, big-endian; 0 without. */
let magicBytes: i32 = 0;
let schemaId: u32 = 0;

export let blocks: i32 = 0;
let entries: i32 = 0;
let staged: usize = STAGE;
let keylessPartition: u32 = 0;
let key: usize = 0;
let keyBytes: i32 = -1;

/** `schema`: id for Confluent framing, -1 without. HEADERS holds `headers` bytes. */
export function setKafka(count: i32, kind: i32, schema: f64, headers: i32): void {
  partitions = count;
  keyKind = kind;
  headersBytes = headers;
  magicBytes = schema < 0 ? 0 : MAGIC_BYTES;
  schemaId = bswap(<u32>max(schema, 0));
  need(EVENT_TIME);
  if (kind === KEY_HOST) need(HOST);
  if (kind === KEY_REMOTE_ADDRESS) need(REMOTE_ADDRESS);
  if (kind === KEY_LOCAL_PORT) need(LOCAL_PORT);
  if (kind === KEY_PROCESS) needProcess();
}

function needProcess(): void {
  need(HOST);
  need(HOST_ID);
  need(PID);
  need(PROCESS_START);
}

/** host_id (the host's name without one), pid and process start: the same for a process in every record. */
function makeProcessKey(): void {
  const origin = textLength(HOST_ID) > 0 ? HOST_ID : HOST;
  const length = min(textLength(origin), HOST_MAX);
  memory.copy(KEY_TEXT, textStart(origin), length);
  let out = KEY_TEXT + length;
  store<u8>(out++, COLON);
  out = writeInteger(out, long(PID), 1);
  store<u8>(out++, COLON);
  out = writeInteger(out, long(PROCESS_START), 1);
  useKey(KEY_TEXT, <i32>(out - KEY_TEXT));
}

function useKey(at: usize, bytes: i32): void {
  key = at;
  keyBytes = bytes;
}

function makeKey(): void {
  if (keyKind === KEY_HOST) useKey(textStart(HOST), textLength(HOST));
  else if (keyKind === KEY_REMOTE_ADDRESS) useKey(textStart(REMOTE_ADDRESS), textLength(REMOTE_ADDRESS));
  else if (keyKind === KEY_LOCAL_PORT) useKey(KEY_TEXT, <i32>(writeInteger(KEY_TEXT, long(LOCAL_PORT), 1) - KEY_TEXT));
  else if (keyKind === KEY_PROCESS) makeProcessKey();
}

/** As Java's client places keys; without one, each block goes to the next partition. */
function partition(): u32 {
  if (keyKind === KEY_NONE) return keylessPartition;
  return (murmur2(key, keyBytes) & 0x7fffffff) % partitions;
}

function blockAt(block: i32): usize {
  return BLOCKS + <usize>(block * BLOCK_BYTES);
}

/** The block of a partition; its first record, at `timestamp`, opens it. */
function blockOf(place: u32, timestamp: f64): i32 {
  const known = load<u16>(BLOCK_OF + (place << 1));
  if (known !== 0) return known - 1;
  const block = blockAt(blocks);
  store<u32>(block, place);
  store<i32>(block, 0, 8);
  store<i32>(block, 0, 12);
  store<f64>(block, timestamp, 16);
  store<f64>(block, timestamp, 24);
  blocks++;
  store<u16>(BLOCK_OF + (place << 1), <u16>blocks);
  return blocks - 1;
}

/** Forgets the blocks of the last run. */
export function beginBlocks(): void {
  for (let block = 0; block < blocks; block++) store<u16>(BLOCK_OF + ((<usize>load<u32>(blockAt(block))) << 1), 0);
  keylessPartition = blocks > 0 ? (keylessPartition + 1) % partitions : keylessPartition;
  blocks = 0;
  entries = 0;
  staged = STAGE;
}

/** Whether the record in the slots can be staged with a value of `valueBytes`. */
export function canStage(valueBytes: i32): bool {
  makeKey();
  const most = VARINTS_MAX + max(keyBytes, 0) + MAGIC_BYTES + valueBytes + headersBytes;
  return entries < RECORDS_MAX && staged + <usize>most <= STAGE + OUTPUT_BYTES;
}

function putValue(out: usize, value: usize, bytes: i32): usize {
  out = putVarint(out, magicBytes + bytes);
  if (magicBytes > 0) {
    store<u8>(out, 0);
    store<u32>(out, schemaId, 1);
    out += MAGIC_BYTES;
  }
  memory.copy(out, value, bytes);
  return out + bytes;
}

function putKey(out: usize): usize {
  out = putVarint(out, keyKind === KEY_NONE ? -1 : keyBytes);
  if (keyKind === KEY_NONE) return out;
  memory.copy(out, key, keyBytes);
  return out + keyBytes;
}

function floorMilliseconds(microseconds: i64): i64 {
  return microseconds / 1000 - i64(microseconds % 1000 < 0);
}

/** Stages the record in the slots; canStage() made its key. */
export function stage(value: usize, bytes: i32): void {
  const timestamp = <f64>floorMilliseconds(long(EVENT_TIME));
  const number = blockOf(partition(), timestamp);
  const block = blockAt(number);
  const records = load<i32>(block, 12);
  const delta = <i64>(timestamp - load<f64>(block, 16));
  const nullable = keyKind === KEY_NONE ? -1 : keyBytes;
  const length =
    1 +
    varintLength(delta) +
    varintLength(records) +
    varintLength(nullable) +
    max(nullable, 0) +
    varintLength(magicBytes + bytes) +
    magicBytes +
    bytes +
    headersBytes;
  const start = staged;
  let out = putVarint(start, length);
  store<u8>(out++, 0);
  out = putKey(putVarint(putVarint(out, delta), records));
  out = putValue(out, value, bytes);
  memory.copy(out, HEADERS, headersBytes);
  staged = out + headersBytes;
  account(block, <i32>(staged - start), timestamp);
  store<u32>(ENTRIES + (entries << 3), number);
  store<u32>(ENTRIES + (entries << 3), <u32>(staged - start), 4);
  entries++;
}

function account(block: usize, bytes: i32, timestamp: f64): void {
  store<i32>(block, load<i32>(block, 8) + bytes, 8);
  store<i32>(block, load<i32>(block, 12) + 1, 12);
  store<f64>(block, max(load<f64>(block, 24), timestamp), 24);
}

/** Puts the staged records to OUTPUT, block behind block; answers the byte behind them. */
export function gatherBlocks(): usize {
  let end: i32 = 0;
  for (let block = 0; block < blocks; block++) {
    store<i32>(blockAt(block), end, 4);
    end += load<i32>(blockAt(block), 8);
    // Counted again while its records are copied.
    store<i32>(blockAt(block), 0, 8);
  }
  let from = STAGE;
  for (let entry = 0; entry < entries; entry++) {
    const block = blockAt(load<u32>(ENTRIES + (entry << 3)));
    const bytes = load<i32>(ENTRIES + (entry << 3), 4);
    memory.copy(OUTPUT + load<i32>(block, 4) + load<i32>(block, 8), from, bytes);
    store<i32>(block, load<i32>(block, 8) + bytes, 8);
    from += bytes;
  }
  return OUTPUT + end;
}
