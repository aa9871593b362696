import { isIP } from 'node:net';
import type { Accept } from '../../schemas/accept.js';
import { instant } from './json.js';

// What the formats ecs, ocsf and otel say of a record, as objects in plain TypeScript. Unknown values are undefined.

type Json = Record<string, unknown>;

const known = (value: number) => (value === -1 ? undefined : value);
const digits = (value: number) => (value === -1 ? undefined : String(value));
const milliseconds = (value: number) => (value === -1 ? undefined : Math.floor(value / 1000));
const time = (value: number) => instant(value) ?? undefined;

/** The address with ::ffff: taken off; undefined for an empty one. */
export const unmapped = (address: string) => address.replace(/^::ffff:(?=[0-9.]{7,15}$)/, '') || undefined;

/** The address without ::ffff:, when it is one that OCSF's ip_t can hold. */
function ip(address: string): string | undefined {
  const text = unmapped(address) ?? '';
  return isIP(text) > 0 && !text.includes('%') && text.length <= 40 ? text : undefined;
}

const noIp = (address: string) => (ip(address) === undefined ? address || undefined : undefined);

const endpoint = (address: string, port: number) => ({
  ip: ip(address),
  hostname: noIp(address),
  port: address === '' ? undefined : known(port),
});

const end = (address: string, port: number) => ({ ip: ip(address), address: noIp(address), port: known(port) });

const lonePorts = (record: Accept) => ({
  remote_port: record.remote_address === '' ? known(record.remote_port) : undefined,
  local_port: record.local_address === '' ? known(record.local_port) : undefined,
});

function device({ host, host_id }: Accept): Json | undefined {
  return host || host_id ? { type_id: 0, hostname: host || undefined, uid: host_id || undefined } : undefined;
}

const uid = ({ capture_id, cpu, sequence }: Accept) => (capture_id ? `${capture_id}:${cpu}:${sequence}` : undefined);

function version({ ip_version, remote_address }: Accept): 4 | 6 | undefined {
  if (ip_version === 6) return unmapped(remote_address) === (remote_address || undefined) ? 6 : 4;
  return ip_version === 4 ? 4 : undefined;
}

function isLocal({ remote_address, local_address }: Accept): boolean {
  const peer = unmapped(remote_address) ?? '';
  return /^127\../s.test(peer) || peer === '::1' || (remote_address !== '' && remote_address === local_address);
}

function versionName(record: Accept): string | undefined {
  const number = version(record);
  return number && `ipv${number}`;
}

/** What no standard has a name for. */
function own(record: Accept): Json {
  return {
    monotonic_us: known(record.monotonic_us),
    capture_id: record.capture_id || undefined,
    cpu: known(record.cpu),
    lost: known(record.lost),
    hook: record.hook || undefined,
    peer_reset: record.peer_reset,
    mptcp: record.mptcp,
    netns: known(record.netns),
    mntns: known(record.mntns),
    pidns: known(record.pidns),
    cgroup_id: known(record.cgroup_id),
    cgroup: record.cgroup || undefined,
    backlog: known(record.backlog),
    backlog_max: known(record.backlog_max),
    queued_us: known(record.queued_us),
    rtt_us: known(record.rtt_us),
    cgroup_path: record.cgroup_path || undefined,
  };
}

/** An object without what is undefined; undefined when nothing is left. Objects in it likewise. */
function whole(object: Json): Json | undefined {
  const entries = Object.entries(object).flatMap(([key, value]) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const kept = isObject ? whole(value as Json) : value;
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** As the Elastic Common Schema has it. */
export function ecs(record: Accept): Json | undefined {
  const addresses = [ip(record.remote_address), ip(record.local_address)].filter((text) => text !== undefined);
  return whole({
    '@timestamp': time(record.event_time),
    ecs: { version: '9.4.0' },
    event: {
      kind: 'event',
      category: ['network'],
      type: ['connection', 'start'],
      action: 'connection_accepted',
      outcome: 'success',
      module: 'acceptstream',
      dataset: 'acceptstream.accept',
      provider: 'kernel',
      id: uid(record),
      sequence: known(record.sequence),
    },
    network: {
      transport: 'tcp',
      iana_number: '6',
      direction: 'ingress',
      type: versionName(record),
      community_id: record.community_id || undefined,
    },
    related: {
      ip: addresses.length > 0 ? [...new Set(addresses)] : undefined,
      user: record.user_name ? [record.user_name] : undefined,
    },
    host: { name: record.host || undefined, hostname: record.host || undefined, id: record.host_id || undefined },
    process: {
      pid: known(record.pid),
      name: record.comm || undefined,
      start: time(record.process_start),
      executable: record.exe || undefined,
      entity_id: record.entity_id || undefined,
      thread: { id: known(record.tid) },
      parent: { pid: known(record.ppid) },
    },
    container: { id: record.container_id || undefined },
    user: { id: digits(record.uid), name: record.user_name || undefined },
    group: { id: digits(record.gid) },
    source: end(record.remote_address, record.remote_port),
    destination: end(record.local_address, record.local_port),
    acceptstream: own(record),
  });
}

/** As OCSF's Network Activity has it. */
export function ocsf(record: Accept): Json | undefined {
  const local = isLocal(record);
  return whole({
    time: milliseconds(record.event_time),
    category_uid: 4,
    class_uid: 4001,
    activity_id: 1,
    type_uid: 400101,
    severity_id: 1,
    status_id: 1,
    is_src_dst_assignment_known: true,
    metadata: {
      version: '1.8.0',
      profiles: ['host', 'container', 'linux/linux_users'],
      product: { name: 'acceptstream', vendor_name: 'acceptstream' },
      log_name: 'acceptstream.accept',
      uid: uid(record),
      original_time: time(record.event_time),
      sequence: known(record.sequence),
    },
    connection_info: {
      protocol_num: 6,
      protocol_name: 'tcp',
      direction_id: local ? 4 : 1,
      boundary_id: local ? 1 : undefined,
      protocol_ver_id: version(record),
      community_uid: record.community_id || undefined,
    },
    observation_point_id: local ? 4 : 2,
    device: device(record),
    actor: {
      process: {
        pid: known(record.pid),
        ptid: known(record.tid),
        parent_process: { pid: known(record.ppid) },
        user: { uid: digits(record.uid), name: record.user_name || undefined },
        path: record.exe || undefined,
        uid: record.entity_id || undefined,
        container: { uid: record.container_id || undefined },
        group: { uid: digits(record.gid) },
        name: record.comm || undefined,
        created_time: milliseconds(record.process_start),
      },
    },
    src_endpoint: endpoint(record.remote_address, record.remote_port),
    dst_endpoint: endpoint(record.local_address, record.local_port),
    unmapped: { ...lonePorts(record), ...own(record) },
  });
}

function anyValue(value: unknown): Json {
  if (typeof value === 'number') return { intValue: String(value) };
  return typeof value === 'boolean' ? { boolValue: value } : { stringValue: value };
}

const attributes = (object: Json) =>
  Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

/** An instant in OTLP's JSON: fixed64 is a string of digits, and 0 is unknown. */
function nanoseconds(microseconds: number): string | undefined {
  const isFixed64 = microseconds > 0 && microseconds <= 18_446_744_073_709_551n;
  return isFixed64 ? String(BigInt(microseconds) * 1000n) : undefined;
}

/** As OpenTelemetry's log data model has it, in OTLP's JSON; attributes in the order of the line. */
export function otel(record: Accept): Json | undefined {
  const instant = nanoseconds(record.event_time);
  const { cpu: _cpu, monotonic_us, capture_id, lost, hook, ...others } = own(record);
  const own_ = { monotonic_us, capture_id, sequence: known(record.sequence), lost, hook };
  const ids = { entity_id: record.entity_id || undefined, community_id: record.community_id || undefined };
  const last = { ...own_, tid: known(record.tid), gid: known(record.gid), ...others, ...ids };
  const logRecord = {
    timeUnixNano: instant,
    observedTimeUnixNano: instant,
    severityNumber: 9,
    eventName: 'acceptstream.accept',
    attributes: attributes({
      'network.transport': 'tcp',
      'log.record.uid': uid(record),
      'cpu.logical_number': known(record.cpu),
      'process.pid': known(record.pid),
      'process.parent_pid': known(record.ppid),
      'process.real_user.id': known(record.uid),
      'thread.name': record.comm || undefined,
      'process.creation.time': time(record.process_start),
      'network.type': versionName(record),
      'client.address': unmapped(record.remote_address),
      'client.port': known(record.remote_port),
      'server.address': unmapped(record.local_address),
      'server.port': known(record.local_port),
      'process.executable.path': record.exe || undefined,
      'container.id': record.container_id || undefined,
      'process.real_user.name': record.user_name || undefined,
      ...Object.fromEntries(Object.entries(last).map(([name, value]) => [`acceptstream.${name}`, value])),
    }),
  };
  const host = { 'os.type': 'linux', 'host.name': record.host || undefined, 'host.id': record.host_id || undefined };
  const scopeLogs = [{ scope: { name: 'acceptstream' }, logRecords: [whole(logRecord)] }];
  return { resourceLogs: [{ resource: { attributes: attributes(host) }, scopeLogs }] };
}
