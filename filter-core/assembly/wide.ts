import {
  BACKLOG,
  BACKLOG_MAX,
  COMM,
  IP_VERSION,
  LOCAL_ADDRESS,
  NETNS,
  PID,
  QUEUED_US,
  REMOTE_ADDRESS,
  REMOTE_PORT,
} from './fields';
import { listedPort } from './filter';
import { int, long, need, textLength, textStart } from './memory';
import { writeTimes } from './row';
import { pad, separate, writeInteger, writeText } from './text';

// tcpaccept's columns with room for every COMM and address, and three more. The last is not padded.

const COMM_WIDTH: i32 = 15;
const ADDRESS_WIDTH: i32 = 39;
const NETNS_WIDTH: i32 = 10;
const BACKLOG_WIDTH: i32 = 11;
const DASH: u8 = 0x2d;
const SLASH: u8 = 0x2f;
const UNKNOWN: i64 = -1;

/** Behind setColumns(), which asks for what both tables show. */
export function setWideColumns(): void {
  need(NETNS);
  need(BACKLOG);
  need(BACKLOG_MAX);
  need(QUEUED_US);
}

/** A number, or a dash for one that is unknown. */
function writeKnown(out: usize, field: i32): usize {
  if (long(field) !== UNKNOWN) return writeInteger(out, long(field), 1);
  store<u8>(out, DASH);
  return out + 1;
}

function writeEndpoint(out: usize, address: i32, port: i32): usize {
  out = separate(writeText(out, textStart(address), textLength(address), ADDRESS_WIDTH));
  return separate(writeInteger(out, port, 5));
}

function writeBacklog(out: usize): usize {
  const stop = out + BACKLOG_WIDTH;
  out = writeKnown(out, BACKLOG);
  store<u8>(out, SLASH);
  return pad(writeKnown(out + 1, BACKLOG_MAX), stop);
}

/** Writes the record in the slots as a row; answers the byte behind it. */
export function writeWideRow(out: usize): usize {
  out = writeTimes(out);
  out = separate(writeInteger(out, int(PID), 7));
  out = separate(writeText(out, textStart(COMM), textLength(COMM), COMM_WIDTH));
  out = separate(writeInteger(out, int(IP_VERSION), 2));
  out = writeEndpoint(out, REMOTE_ADDRESS, int(REMOTE_PORT));
  out = writeEndpoint(out, LOCAL_ADDRESS, listedPort());
  const stop = out + NETNS_WIDTH;
  out = separate(pad(writeKnown(out, NETNS), stop));
  out = writeKnown(separate(writeBacklog(out)), QUEUED_US);
  store<u8>(out, 0x0a);
  return out + 1;
}
