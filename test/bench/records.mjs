// A fixed data set of records, and what plain JavaScript makes of one: the yardstick.
import { readFileSync } from 'node:fs';
import avro from 'avsc';

export const PORTS = [80, 443, 5432, 8080, 8443, 9092];
// Drops none: the figure is that of a record that is printed.
export const FILTER = { ports: PORTS };

export const type = avro.Type.forSchema(
  JSON.parse(readFileSync(new URL('../../schemas/accept.avsc', import.meta.url), 'utf8')),
);

const EPOCH = 1_790_000_000_000_000;

/** Whole numbers below a limit, the same on every run. */
export function sequenceFrom(seed) {
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

export const CGROUPS = [
  '/system.slice/nginx.service',
  '/system.slice/ssh.service',
  '/system.slice/docker-3f9c0a7be1d24c553f9c0a7be1d24c553f9c0a7be1d24c553f9c0a7be1d24c55.scope',
  '/user.slice/user-1000.slice/user@1000.service',
];
export const EXES = [
  '/usr/sbin/nginx',
  '/usr/lib/postgresql/15/bin/postgres',
  '/usr/lib/jvm/java-17/bin/java',
  '/srv/app',
];

function cgroup(next) {
  const path = CGROUPS[next(CGROUPS.length)];
  return {
    cgroup: path.slice(path.lastIndexOf('/') + 1),
    cgroup_path: path,
    container_id: /docker-([0-9a-f]{64})/.exec(path)?.[1] ?? '',
  };
}

function identity(next, pid) {
  const start = next(1e9);
  const uid = next(2) * 33;
  return {
    uid,
    gid: uid,
    process_start: EPOCH - start * 1000,
    exe: EXES[next(EXES.length)],
    entity_id: `b3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d:${pid}:${86_400_000_000_000 - start * 1000}`,
    user_name: uid === 0 ? 'root' : 'www-data',
    community_id: `1:${Buffer.from(Array.from({ length: 20 }, () => next(256))).toString('base64')}`,
  };
}

/** A record of the data set. */
export function record(next, index) {
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
    comm: COMMS[next(COMMS.length)],
    ...identity(next, pid),
    ...addresses(next),
    remote_port: 32768 + next(28232),
    local_port: PORTS[next(PORTS.length)],
    peer_reset: false,
    mptcp: false,
    netns: 4026531840,
    mntns: 4026531832 + next(300),
    pidns: 4026531836 + next(300),
    cgroup_id: 2000 + next(9000),
    ...cgroup(next),
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

/** As tcpaccept prints it. */
export function row(accept) {
  const pid = String(accept.pid).padEnd(7);
  const comm = accept.comm.slice(0, 12).padEnd(12);
  const remote = `${accept.remote_address.padEnd(16)} ${String(accept.remote_port).padEnd(5)}`;
  const local = `${accept.local_address.padEnd(16)} ${String(accept.peer_reset ? 0 : accept.local_port).padEnd(5)}`;
  return `${pid} ${comm} ${String(accept.ip_version).padEnd(2)} ${remote} ${local}\n`;
}
