// The core alone: decode, filter and text of a fixed data set, beside the same through avsc and plain JavaScript.
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { loadCore } from '../../dist/filter-core/index.js';

const ROUNDS = 7;
const ROUND_BATCHES = 600;
const LINE_BATCHES = 200;
const COMPARED_BATCHES = 60;
const EPOCH = 1_790_000_000_000_000;
const PORTS = [80, 443, 5432, 8080, 8443, 9092];
// Drops none: the figure is that of a record that is printed.
export const FILTER = { ports: PORTS };

export const type = avro.Type.forSchema(
  JSON.parse(readFileSync(new URL('../../schemas/accept.avsc', import.meta.url), 'utf8')),
);

/** The same numbers on every run. */
function sequenceFrom(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const COMMS = [
  ...['nginx', 'sshd', 'postgres', 'java', 'node', 'redis-server', 'haproxy', 'envoy', 'dockerd', 'containerd'],
  ...[
    'http-nio-8080-A',
    'http-nio-8443-E',
    'kafka-socket-ac',
    'systemd-resolve',
    'cupsd',
    'mariadbd',
    'mongod',
    'etcd',
  ],
  ...['kube-apiserver', 'kubelet', 'coredns', 'prometheus', 'grafana-server', 'vector', 'gunicorn: work', 'uwsgi'],
  ...['php-fpm8.2', 'apache2', 'beam.smp', 'dotnet'],
];

function addresses(next) {
  const hex = () => next(65536).toString(16);
  if (next(100) < 30) {
    const remote =
      next(3) === 0 ? `2001:db8:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}` : `2001:db8::${hex()}`;
    return { ip_version: 6, remote_address: remote, local_address: `fd00::${hex()}` };
  }
  const remote = `${1 + next(223)}.${next(256)}.${next(256)}.${next(256)}`;
  return { ip_version: 4, remote_address: remote, local_address: `10.0.${next(4)}.${next(256)}` };
}

function record(next, index) {
  const pid = 300 + next(40000);
  return {
    event_time: EPOCH + index * 97,
    monotonic_us: 86_400_000_000 + index * 97,
    host: 'edge-17.fra.example',
    host_id: '0f3b9c2d4e5a60718293a4b5c6d7e8f9',
    capture_id: '5b1c8f0e-7a42-4d1b-9c55-2f6a3e8d9b10',
    cpu: next(16),
    sequence: 1_000_000 + index,
    lost: 0,
    hook: 'tp_btf:sys_exit',
    pid,
    tid: pid + next(40),
    ppid: 1 + next(300),
    uid: next(2) * 33,
    gid: next(2) * 33,
    comm: COMMS[next(COMMS.length)],
    process_start: EPOCH - next(1e9) * 1000,
    ...addresses(next),
    remote_port: 32768 + next(28232),
    local_port: PORTS[next(PORTS.length)],
    peer_reset: false,
    mptcp: false,
    netns: 4026531840,
    mntns: 4026531832 + next(300),
    pidns: 4026531836 + next(300),
    cgroup_id: 2000 + next(9000),
    cgroup: 'nginx.service',
    backlog: next(8),
    backlog_max: 511,
    queued_us: next(3000),
    rtt_us: 50 + next(40000),
  };
}

/** As many datums as the core's input takes. */
export function fill(input) {
  const next = sequenceFrom(3);
  let bytes = 0;
  let records = 0;
  for (;;) {
    const datum = type.toBuffer(record(next, records));
    if (bytes + datum.length > input.length) return { bytes, records };
    input.set(datum, bytes);
    bytes += datum.length;
    records += 1;
  }
}

function row(accept) {
  const pid = String(accept.pid).padEnd(7);
  const comm = accept.comm.slice(0, 12).padEnd(12);
  const remote = `${accept.remote_address.padEnd(16)} ${String(accept.remote_port).padEnd(5)}`;
  const local = `${accept.local_address.padEnd(16)} ${String(accept.peer_reset ? 0 : accept.local_port).padEnd(5)}`;
  return `${pid} ${comm} ${String(accept.ip_version).padEnd(2)} ${remote} ${local}\n`;
}

export function throughAvsc(datums) {
  const ports = new Set(FILTER.ports);
  const rows = [];
  for (let offset = 0; offset < datums.length; ) {
    const decoded = type.decode(datums, offset);
    if (ports.has(decoded.value.local_port)) rows.push(row(decoded.value));
    offset = decoded.offset;
  }
  return Buffer.from(rows.join(''));
}

function throughCore(core, bytes) {
  const portions = [];
  for (const portion of core.portions(bytes)) portions.push(Buffer.from(portion.bytes));
  return Buffer.concat(portions);
}

/** Million records per CPU-second of `batch`, which handles `records`, run `times`. */
function measure(batch, records, times) {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) batch();
  const { user, system } = process.cpuUsage(before);
  return (records * times) / (user + system);
}

export function rounds(name, records, times, batch) {
  measure(batch, records, times);
  const values = Array.from({ length: ROUNDS }, () => measure(batch, records, times));
  return { name, unit: 'million records per CPU-second', values };
}

/** JSON of a format, in million records per CPU-second. */
async function lines(format) {
  const core = await loadCore({ format, filter: FILTER });
  const { bytes, records } = fill(core.input);
  return rounds(`core: decode, filter, ${format}`, records, LINE_BATCHES, () => {
    for (const _portion of core.portions(bytes));
  });
}

/** @returns {Promise<{name: string, unit: string, values: number[]}[]>} One value per round. */
export async function benchCore() {
  const core = await loadCore({ format: 'tcpaccept', filter: FILTER });
  const { bytes, records } = fill(core.input);
  const datums = Buffer.from(core.input.subarray(0, bytes));
  if (!throughCore(core, bytes).equals(throughAvsc(datums)))
    throw new Error('the core and avsc disagree on the data set');
  const drain = () => {
    for (const _portion of core.portions(bytes));
  };
  return [
    rounds('core: decode, filter, text', records, ROUND_BATCHES, drain),
    ...[await lines('json'), await lines('ecs'), await lines('ocsf'), await lines('otel')],
    rounds('avsc and plain JavaScript: decode, filter, text', records, COMPARED_BATCHES, () => throughAvsc(datums)),
  ];
}
