// What native code and core do, in plain JavaScript: the yardstick.
import { HOOKS } from '../../dist/native/index.js';
import { AT, IDENTITY } from './events.mjs';

const PEER_RESET = 1;
const MPTCP = 2;

/** As inet_ntop writes an address without an IPv4 part. */
function ipv6Text(bytes, at) {
  const groups = [];
  for (let index = at; index < at + 16; index += 2) groups.push(((bytes[index] << 8) | bytes[index + 1]).toString(16));
  const text = groups.join(':');
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)];
  if (runs.length === 0) return text;
  const { 0: zeros, index } = runs.reduce((best, run) => (run[0].length > best[0].length ? run : best));
  return `${text.slice(0, index) || ':'}${text.slice(index + zeros.length) || ':'}`;
}

function addressText(bytes, at, version) {
  if (version === 6) return ipv6Text(bytes, at);
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function commText(bytes, at) {
  const comm = bytes.subarray(at, at + 16);
  const end = comm.indexOf(0);
  return comm.toString('utf8', 0, end < 0 ? comm.length : end);
}

const known = (number) => (number === 0 ? -1 : number);
const micros = (nanos) => Math.floor(nanos / 1000);

/** The record of the event at an offset; `wall` is the wall clock minus the kernel's, in nanoseconds. */
export function readEvent(bytes, at, wall) {
  const long = (index) => Number(bytes.readBigInt64LE(at + AT.longs + 8 * index));
  const int = (index) => bytes.readInt32LE(at + AT.ints + 4 * index);
  const unsigned = (index) => bytes.readUInt32LE(at + AT.ints + 4 * index);
  const version = bytes[at + AT.ipVersion];
  return {
    event_time: micros(long(0) + wall),
    monotonic_us: micros(long(0)),
    host: IDENTITY.host,
    host_id: IDENTITY.hostId,
    capture_id: IDENTITY.captureId,
    cpu: bytes.readUInt32LE(at + AT.cpu),
    sequence: long(1),
    lost: long(2),
    hook: HOOKS[bytes[at + AT.hook]],
    pid: int(0),
    tid: int(1),
    ppid: int(2),
    uid: unsigned(3),
    gid: unsigned(4),
    comm: commText(bytes, at + AT.comm),
    process_start: micros(long(3) + wall),
    ip_version: version,
    remote_address: addressText(bytes, at + AT.remoteAddress, version),
    remote_port: bytes.readUInt16LE(at + AT.remotePort),
    local_address: addressText(bytes, at + AT.localAddress, version),
    local_port: bytes.readUInt16LE(at + AT.localPort),
    peer_reset: (bytes[at + AT.flags] & PEER_RESET) !== 0,
    mptcp: (bytes[at + AT.flags] & MPTCP) !== 0,
    netns: known(unsigned(7)),
    mntns: known(unsigned(8)),
    pidns: known(unsigned(9)),
    cgroup_id: known(long(4)),
    cgroup: bytes.toString('utf8', at + AT.names, bytes.indexOf(0, at + AT.names)),
    backlog: int(5),
    backlog_max: int(6),
    queued_us: long(5),
    rtt_us: long(6),
  };
}
