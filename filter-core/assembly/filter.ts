import { isLocal } from './address';
import {
  EVENT_TIME,
  IP_VERSION,
  LOCAL_ADDRESS,
  LOCAL_PORT,
  PEER_RESET,
  PID,
  REMOTE_ADDRESS,
  REMOTE_PORT,
} from './fields';
import { listsPass } from './lists';
import { int, long, need, PORTS, REMOTE_PORTS } from './memory';
import { netsPass } from './nets';

const OFF: i32 = -1;

// A double, so that every number a host can ask for compares without wrapping.
let pid: f64 = OFF;
let family: i32 = OFF;
let byPort: bool = false;

// What tcpaccept has not: one look when nothing of it is asked for.
let more: bool = false;
let byRemotePort: bool = false;
let loopback: bool = true;
let since: f64 = -Infinity;
let until: f64 = Infinity;

/** `pid` and `family` (4 or 6): -1 for any. `ports`: whether the bitmap at PORTS applies. */
export function setFilter(wantedPid: f64, wantedFamily: i32, ports: bool): void {
  pid = wantedPid;
  family = wantedFamily;
  byPort = ports;
  if (pid !== OFF) need(PID);
  if (family !== OFF) need(IP_VERSION);
  if (byPort) needListedPort();
}

/** `remotePorts`: whether the bitmap at REMOTE_PORTS applies. `from` and `to`: event_time, `to` exclusive. */
export function setMore(remotePorts: bool, withLoopback: bool, from: f64, to: f64): void {
  more = true;
  byRemotePort = remotePorts;
  loopback = withLoopback;
  since = from;
  until = to;
  if (byRemotePort) need(REMOTE_PORT);
  if (!loopback) needAddresses();
  if (since > -Infinity || until < Infinity) need(EVENT_TIME);
}

function needAddresses(): void {
  need(REMOTE_ADDRESS);
  need(LOCAL_ADDRESS);
}

export function needListedPort(): void {
  need(PEER_RESET);
  need(LOCAL_PORT);
}

/** The local port as tcpaccept sees it: the kernel clears it when the connection was reset before the accept. */
export function listedPort(): i32 {
  return int(PEER_RESET) ? 0 : int(LOCAL_PORT);
}

function portPasses(bitmap: usize, port: u32): bool {
  return port <= 0xffff && (load<u8>(bitmap + (port >> 3)) & (1 << (port & 7))) !== 0;
}

function timePasses(): bool {
  const time = <f64>long(EVENT_TIME);
  return since <= time && time < until;
}

// Cheap ones first.
function morePasses(): bool {
  if (byRemotePort && !portPasses(REMOTE_PORTS, int(REMOTE_PORT))) return false;
  if ((since > -Infinity || until < Infinity) && !timePasses()) return false;
  return listsPass() && (loopback || !isLocal()) && netsPass();
}

/** Whether the record in the slots passes every filter that is set, but for the rate limit. */
export function passes(): bool {
  if (pid !== OFF && pid !== <f64>int(PID)) return false;
  if (family !== OFF && family !== int(IP_VERSION)) return false;
  if (byPort && !portPasses(PORTS, listedPort())) return false;
  return !more || morePasses();
}
