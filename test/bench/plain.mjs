// What native code and core do, in plain JavaScript: the yardstick.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
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

/** The path whose names, the leaf's first, are there with a NUL behind each. */
function pathText(bytes, at, length) {
  const names = bytes
    .toString('utf8', at, at + length)
    .split('\0')
    .slice(0, -1);
  return names.length > 0 ? `/${names.reverse().join('/')}` : '';
}

const CONTAINER = /(?:^|[-:/])([0-9a-f]{64})(?:\.scope)?(?:$|\/)/;

const userNames = new Map(
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid]) => [Number(uid), name]),
);

/** Version 1, seed 0; the data set has no mapped addresses. */
function communityId(bytes, at, version) {
  const size = version === 6 ? 16 : 4;
  const end = (address, port) => [bytes.subarray(at + address, at + address + size), bytes.readUInt16LE(at + port)];
  const ends = [end(AT.remoteAddress, AT.remotePort), end(AT.localAddress, AT.localPort)];
  ends.sort(([one, onePort], [other, otherPort]) => Buffer.compare(one, other) || onePort - otherPort);
  const ports = Buffer.alloc(4);
  ends.forEach(([, port], index) => {
    ports.writeUInt16BE(port, 2 * index);
  });
  const hash = createHash('sha1')
    .update(Buffer.from([0, 0]))
    .update(ends[0][0])
    .update(ends[1][0]);
  return `1:${hash
    .update(Buffer.from([6, 0]))
    .update(ports)
    .digest('base64')}`;
}

/** Who accepted, and what others call the connection. */
function labels(bytes, at, { pid, uid, start, version }) {
  const cgroupLength = bytes.readUInt16LE(at + AT.cgroupLength);
  const cgroupPath = pathText(bytes, at + AT.names, cgroupLength);
  return {
    cgroup: cgroupPath.slice(cgroupPath.lastIndexOf('/') + 1),
    cgroup_path: cgroupPath,
    exe: pathText(bytes, at + AT.names + cgroupLength, bytes.readUInt16LE(at + AT.exeLength)),
    container_id: CONTAINER.exec(cgroupPath)?.[1] ?? '',
    entity_id: `${IDENTITY.bootId}:${pid}:${start}`,
    user_name: userNames.get(uid) ?? '',
    community_id: communityId(bytes, at, version),
  };
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
    backlog: int(5),
    backlog_max: int(6),
    queued_us: long(5),
    rtt_us: long(6),
    ...labels(bytes, at, { pid: int(0), uid: unsigned(3), start: long(3), version }),
  };
}
