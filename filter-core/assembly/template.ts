import { family, haveSameAddress, isIp, isLocal, mappedBytes } from './address';
import { CAPTURE_ID, CPU, FIELD_COUNT, LOCAL_ADDRESS, REMOTE_ADDRESS, REMOTE_PORT, SEQUENCE } from './fields';
import { isInstant, writeInstant } from './instant';
import { writeBoolean, writeString } from './json';
import { long, need, textLength, textStart } from './memory';
import { writeEventTime, writePackedBoolean, writePackedInteger, writePackedText } from './msgpack';
import {
  ADDRESS,
  ADDRESSES,
  BACK,
  BOOLEAN,
  CLOSE,
  COMPANION,
  EVENT_TIME,
  EVENT_UID,
  FAMILY,
  FORMATS,
  INSTANT,
  INTEGER,
  IP,
  LITERAL,
  LITERALS,
  LONE_PORT,
  MILLISECONDS,
  NANOSECONDS,
  NO_IP,
  OPTIONAL,
  PACKED_INTEGER,
  PACKED_TEXT,
  PART_BYTES,
  PARTS,
  PORT,
  TEXT,
} from './templates';
import { writeInteger, writeNumber } from './text';
import { floorDivide } from './time';

// A line is its format's parts, one behind the other: literal, value, literal. In JSON each member ends with a comma, which
// the end of its object takes back; an object that stayed empty goes with its name.

const UNKNOWN: i64 = -1;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const QUOTE: u8 = 0x22;
const OPEN: u8 = 0x7b;
const LIST_OPEN: u8 = 0x5b;
const LIST_CLOSE: u8 = 0x5d;
const CLOSE_COMMA: u16 = 0x2c7d;
const THREE_ZEROS: u32 = 0x303030;
const ZERO: u8 = 0x30;
/** The largest of OTLP's fixed64, in microseconds. 0 is unknown there. */
const MICROSECONDS_MAX: i64 = u64.MAX_VALUE / 1000;

let first: usize = PARTS;
let behind: usize = PARTS;
let frame: i32 = 0;
let growth: i32 = 0;
/** Whether the format has fields for IP addresses only, and which of the record's are some. */
let isTyped: bool = false;
let isRemoteIp: bool = false;
let isLocalIp: bool = false;

/** Takes a format of templates.ts into use. */
export function setTemplate(format: i32): void {
  const row = FORMATS + <usize>(format * 8);
  first = PARTS + <usize>load<u16>(row) * PART_BYTES;
  behind = PARTS + <usize>load<u16>(row, 2) * PART_BYTES;
  frame = load<u16>(row, 4);
  growth = load<u16>(row, 6);
  isTyped = false;
  for (let part = first; part < behind; part += PART_BYTES) if (load<u8>(part) === IP) isTyped = true;
  for (let field = 0; field < FIELD_COUNT; field++) need(field);
}

/** The most bytes of a line from a datum of `bytes`. */
export function mostLineBytes(bytes: usize): usize {
  return bytes * growth + frame;
}

/** The most bytes of a datum whose line fits into `bytes`. */
export function mostDatumBytes(bytes: i32): i32 {
  return (bytes - frame) / growth;
}

function hasIp(field: i32): bool {
  return field === REMOTE_ADDRESS ? isRemoteIp : isLocalIp;
}

function hasAddress(port: i32): bool {
  return textLength(port === REMOTE_PORT ? REMOTE_ADDRESS : LOCAL_ADDRESS) > 0;
}

/** Whether the value that depends on what an address is has its place. */
function isPlaced(kind: i32, operand: i32): bool {
  if (kind === IP) return hasIp(operand);
  if (kind === NO_IP) return textLength(operand) > 0 && !hasIp(operand);
  return long(operand) !== UNKNOWN && hasAddress(operand) === (kind === PORT);
}

// The commonest kinds apart, so that the compiler can put them in line.
function isKnown(kind: i32, operand: i32, out: usize): bool {
  if (kind === INTEGER) return long(operand) !== UNKNOWN;
  return kind === TEXT ? textLength(operand) > 0 : isRareKnown(kind, operand, out);
}

function isRareKnown(kind: i32, operand: i32, out: usize): bool {
  if (kind === ADDRESS) return textLength(operand) > 0;
  // Its object has another member.
  if (kind === COMPANION) return load<u8>(out - 1) !== OPEN;
  if (kind === INSTANT) return isInstant(long(operand));
  if (kind === MILLISECONDS) return long(operand) !== UNKNOWN;
  if (kind === NANOSECONDS) return long(operand) > 0 && long(operand) <= MICROSECONDS_MAX;
  if (kind === FAMILY) return family() !== 0;
  if (kind === EVENT_UID) return textLength(CAPTURE_ID) > 0;
  if (kind === ADDRESSES) return isRemoteIp || isLocalIp;
  if (kind >= IP && kind <= LONE_PORT) return isPlaced(kind, operand);
  return localityDigit(operand) !== 0;
}

/** The operand holds the digit for a connection within this host and the one for all others. */
function localityDigit(operand: i32): u8 {
  return <u8>(isLocal() ? operand >> 4 : operand & 15);
}

function writeDigit(out: usize, digit: u8): usize {
  store<u8>(out, ZERO + digit);
  return out + 1;
}

function writeAddress(out: usize, field: i32): usize {
  const skipped = mappedBytes(field);
  return writeString(out, textStart(field) + skipped, textLength(field) - skipped);
}

// ECS wants each address once.
function writeAddresses(out: usize): usize {
  const isLocalListed = isLocalIp && !(isRemoteIp && haveSameAddress());
  store<u8>(out, LIST_OPEN);
  if (isRemoteIp) out = writeAddress(out + 1, REMOTE_ADDRESS);
  if (isRemoteIp && isLocalListed) store<u8>(out, COMMA);
  if (isLocalListed) out = writeAddress(out + 1, LOCAL_ADDRESS);
  store<u8>(out, LIST_CLOSE);
  return out + 1;
}

/** capture_id:cpu:sequence, which no other record has. */
function writeEventUid(out: usize): usize {
  out = writeString(out, textStart(CAPTURE_ID), textLength(CAPTURE_ID)) - 1;
  store<u8>(out, COLON);
  out = writeInteger(out + 1, long(CPU), 1);
  store<u8>(out, COLON);
  out = writeInteger(out + 1, long(SEQUENCE), 1);
  store<u8>(out, QUOTE);
  return out + 1;
}

function writeNanoseconds(out: usize, instant: i64): usize {
  out = writeInteger(out, instant, 1);
  store<u32>(out, THREE_ZEROS);
  return out + 3;
}

// As in isKnown.
function writeValue(out: usize, kind: i32, operand: i32): usize {
  if (kind === INTEGER) return writeNumber(out, long(operand));
  if (kind === TEXT) return writeString(out, textStart(operand), textLength(operand));
  if (kind >= EVENT_TIME) return writePacked(out, kind, operand);
  return kind === LITERAL ? out : writeRare(out, kind, operand);
}

function writePacked(out: usize, kind: i32, operand: i32): usize {
  if (kind === PACKED_INTEGER) return writePackedInteger(out, long(operand));
  if (kind === PACKED_TEXT) return writePackedText(out, textStart(operand), textLength(operand));
  return kind === EVENT_TIME ? writeEventTime(out, long(operand)) : writePackedBoolean(out, long(operand));
}

function writeRare(out: usize, kind: i32, operand: i32): usize {
  if (kind === BOOLEAN) return writeBoolean(out, long(operand));
  if (kind === INSTANT) return writeInstant(out, long(operand));
  if (kind === ADDRESS || kind === IP) return writeAddress(out, operand);
  if (kind === NO_IP) return writeString(out, textStart(operand), textLength(operand));
  if (kind === PORT || kind === LONE_PORT) return writeNumber(out, long(operand));
  if (kind === COMPANION) return out;
  if (kind === MILLISECONDS) return writeInteger(out, floorDivide(long(operand), 1000), 1);
  if (kind === NANOSECONDS) return writeNanoseconds(out, long(operand));
  if (kind === FAMILY) return writeDigit(out, <u8>family());
  if (kind === EVENT_UID) return writeEventUid(out);
  if (kind === ADDRESSES) return writeAddresses(out);
  return writeDigit(out, localityDigit(operand));
}

function writeLiteral(out: usize, part: usize): usize {
  const length = load<u16>(part, 4);
  const from = LITERALS + load<u16>(part, 6);
  v128.store(out, v128.load(from));
  // Few are longer.
  for (let copied: usize = 16; copied < length; copied += 16) v128.store(out + copied, v128.load(from + copied));
  return out + length;
}

/** Ends an object whose opener has `openerBytes`, or takes it back. */
function closeObject(out: usize, openerBytes: i32): usize {
  if (load<u8>(out - 1) === OPEN) return out - openerBytes;
  store<u16>(out - 1, CLOSE_COMMA);
  return out + 1;
}

function writePart(out: usize, part: usize): usize {
  const kind = load<u8>(part);
  const operand = load<u8>(part, 1);
  const flags = load<u8>(part, 2);
  if ((flags & OPTIONAL) !== 0 && !isKnown(kind, operand, out)) return out;
  if (kind === CLOSE) return closeObject(out, operand);
  if ((flags & BACK) !== 0) out--;
  out = writeValue(writeLiteral(out, part), kind, operand);
  store<u64>(out, load<u64>(part, 8));
  return out + load<u8>(part, 3);
}

/** Writes the record in the slots as one line; answers the byte behind it. */
export function writeLine(out: usize): usize {
  if (isTyped) {
    isRemoteIp = isIp(REMOTE_ADDRESS);
    isLocalIp = isIp(LOCAL_ADDRESS);
  }
  for (let part = first; part < behind; part += PART_BYTES) out = writePart(out, part);
  return out;
}
