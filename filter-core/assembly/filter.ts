import { IP_VERSION, LOCAL_PORT, PEER_RESET, PID } from './fields';
import { int, need, PORTS } from './memory';

const OFF: i32 = -1;

// A double, so that every number a host can ask for compares without wrapping.
let pid: f64 = OFF;
let family: i32 = OFF;
let byPort: bool = false;

/** `pid` and `family` (4 or 6): -1 for any. `ports`: whether the bitmap at PORTS applies. */
export function setFilter(wantedPid: f64, wantedFamily: i32, ports: bool): void {
  pid = wantedPid;
  family = wantedFamily;
  byPort = ports;
  if (pid !== OFF) need(PID);
  if (family !== OFF) need(IP_VERSION);
  if (byPort) needListedPort();
}

export function needListedPort(): void {
  need(PEER_RESET);
  need(LOCAL_PORT);
}

/** The local port as tcpaccept sees it: the kernel clears it when the connection was reset before the accept. */
export function listedPort(): i32 {
  return int(PEER_RESET) ? 0 : int(LOCAL_PORT);
}

function portPasses(port: u32): bool {
  return port <= 0xffff && (load<u8>(PORTS + (port >> 3)) & (1 << (port & 7))) !== 0;
}

/** Whether the record in the slots passes every filter that is set. */
export function passes(): bool {
  if (pid !== OFF && pid !== <f64>int(PID)) return false;
  if (family !== OFF && family !== int(IP_VERSION)) return false;
  return !byPort || portPasses(listedPort());
}
