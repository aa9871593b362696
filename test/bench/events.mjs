// A fixed data set of kernel events (bpf/event.h, each behind its length as u32).
import { HOOKS } from '../../dist/native/index.js';
import { CGROUPS, EXES, PORTS, sequenceFrom } from './records.mjs';

const LAYOUT = 3;
const TP_BTF = HOOKS.indexOf('tp_btf:sys_exit');
/** Offsets in struct accept_event; `longs` and `ints` are its runs of 64-bit and 32-bit integers. */
export const AT = {
  ipVersion: 1,
  hook: 2,
  flags: 3,
  cpu: 4,
  longs: 8,
  ints: 64,
  remotePort: 104,
  localPort: 106,
  cgroupLength: 108,
  exeLength: 110,
  remoteAddress: 112,
  localAddress: 128,
  comm: 144,
  names: 160,
};
const COMMS = ['nginx', 'sshd', 'postgres', 'java', 'node', 'redis-server', 'http-nio-8080-A', 'kafka-socket-ac'];
export const IDENTITY = {
  host: 'edge-17.fra.example',
  hostId: '0f3b9c2d4e5a60718293a4b5c6d7e8f9',
  captureId: '5b1c8f0e-7a42-4d1b-9c55-2f6a3e8d9b10',
  bootId: 'b3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d',
};

const pick = (next, values) => values[next(values.length)];

function putAddresses(body, next) {
  const { remoteAddress, localAddress } = AT;
  const six = next(100) < 30;
  body[AT.ipVersion] = six ? 6 : 4;
  if (!six) {
    body.set([1 + next(223), next(256), next(256), next(256)], remoteAddress);
    body.set([10, 0, next(4), next(256)], localAddress);
    return;
  }
  body.set([0x20, 0x01, 0x0d, 0xb8], remoteAddress);
  // A third of the peers have an address without a run of zeros.
  const suffix = next(3) === 0 ? 12 : 2;
  for (let at = 16 - suffix; at < 16; at += 1) body[remoteAddress + at] = 1 + next(255);
  body.set([0xfd], localAddress);
  body.set([next(256), 1 + next(255)], localAddress + 14);
}

function putNumbers(view, next, index) {
  const pid = 300 + next(40000);
  const longs = [86_400_000_000_000 + index * 97_000, 1_000_000 + index, 0, 1e9 * (1 + next(80_000))];
  longs.push(2000 + next(9000), next(3000), 50 + next(40000));
  longs.forEach((value, at) => {
    view.setBigInt64(AT.longs + 8 * at, BigInt(value), true);
  });
  const ints = [pid, pid + next(40), 1 + next(300), next(2) * 33, next(2) * 33, next(8), 511];
  ints.push(4026531840, 4026531832 + next(300), 4026531836 + next(300));
  ints.forEach((value, at) => {
    view.setUint32(AT.ints + 4 * at, value, true);
  });
}

/** A path as the kernel programs write it: its names, the leaf's first, each with a NUL behind it. */
function namesOf(path) {
  return Buffer.from(
    path
      .slice(1)
      .split('/')
      .reverse()
      .map((name) => `${name}\0`)
      .join(''),
  );
}

function makeEvent(next, index) {
  const [cgroup, exe] = [namesOf(pick(next, CGROUPS)), namesOf(pick(next, EXES))];
  const event = Buffer.alloc(4 + AT.names + cgroup.length + exe.length);
  const body = event.subarray(4);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  event.writeUInt32LE(body.length);
  body[0] = LAYOUT;
  body[AT.hook] = TP_BTF;
  view.setUint32(AT.cpu, next(16), true);
  putNumbers(view, next, index);
  view.setUint16(AT.remotePort, 32768 + next(28232), true);
  view.setUint16(AT.localPort, pick(next, PORTS), true);
  view.setUint16(AT.cgroupLength, cgroup.length, true);
  putAddresses(body, next);
  body.write(pick(next, COMMS), AT.comm);
  view.setUint16(AT.exeLength, exe.length, true);
  body.set([...cgroup, ...exe], AT.names);
  return event;
}

/** Batches of events: 30 % IPv6. */
export function makeBatches(count, batchEvents) {
  const next = sequenceFrom(3);
  const events = Array.from({ length: count }, (_, index) => makeEvent(next, index));
  const starts = Array.from({ length: Math.ceil(count / batchEvents) }, (_, batch) => batch * batchEvents);
  return starts.map((start) => Buffer.concat(events.slice(start, start + batchEvents)));
}
