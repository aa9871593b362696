import { COMM, EVENT_TIME, IP_VERSION, LOCAL_ADDRESS, MONOTONIC_US, PID, REMOTE_ADDRESS, REMOTE_PORT } from './fields';
import { listedPort, needListedPort } from './filter';
import { int, long, need, textLength, textStart } from './memory';
import { pad, separate, writeCut, writeInteger, writeText } from './text';
import { inZone, writeClock, writeSeconds } from './time';

let withClock: bool = false;
let withSeconds: bool = false;
let started: bool = false;
let start: f64 = 0;

/** Columns in front of PID: -T and -t. */
export function setColumns(clock: bool, seconds: bool): void {
  withClock = clock;
  withSeconds = seconds;
  if (clock) need(EVENT_TIME);
  if (seconds) need(MONOTONIC_US);
  need(PID);
  need(COMM);
  need(IP_VERSION);
  need(REMOTE_ADDRESS);
  need(REMOTE_PORT);
  need(LOCAL_ADDRESS);
  needListedPort();
}

/** False when the host must set another zone before the record in the slots can be written. */
export function canWrite(): bool {
  return !withClock || inZone(long(EVENT_TIME));
}

/** TIME(s) counts from the first record that is printed; doubles are what tcpaccept computes with. */
function sinceStart(): f64 {
  const now = <f64>long(MONOTONIC_US);
  if (!started) {
    started = true;
    start = now;
  }
  return now - start;
}

/** The columns in front of PID that are asked for. */
export function writeTimes(out: usize): usize {
  if (withClock) out = separate(writeClock(out, long(EVENT_TIME)));
  if (withSeconds) {
    const stop = out + 9;
    out = pad(writeSeconds(out, sinceStart()), stop);
  }
  return out;
}

function writeEndpoint(out: usize, address: i32, port: i32): usize {
  out = separate(writeText(out, textStart(address), textLength(address), 16));
  return writeInteger(out, port, 5);
}

/** Writes the record in the slots as tcpaccept prints it; answers the byte behind it. */
export function writeRow(out: usize): usize {
  if (withClock || withSeconds) out = writeTimes(out);
  out = separate(writeInteger(out, int(PID), 7));
  out = separate(writeCut(out, textStart(COMM), textLength(COMM), 12));
  out = separate(writeInteger(out, int(IP_VERSION), 2));
  out = separate(writeEndpoint(out, REMOTE_ADDRESS, int(REMOTE_PORT)));
  out = writeEndpoint(out, LOCAL_ADDRESS, listedPort());
  store<u8>(out, 0x0a);
  return out + 1;
}
