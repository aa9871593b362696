import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { APP_ID } from '../../source-plugin/host.js';
import type { Accept } from '../../source-plugin/index.js';
import { bytesOf, communityId } from '../reference/community-id.js';
import type { Truth } from '../workload/workload.js';
import { cgroup2Mount } from './cgroup.js';
import { columnsOf } from './reference.js';

/** What a record says that a truth of the workload does not tell. */
export interface Context {
  readonly hook: string;
  readonly mptcp?: boolean;
  /** What two clocks that are read one after the other may differ by; 1 ms unless given. */
  readonly clockStepUs?: number;
}

const CLOCK_STEP_US = 1_000;
const TICK_US = 20_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Where a record differs, in any field, from what other sources say about its accept: `field: value, not value`. */
export function recordProblems(record: Accept, truth: Truth, context: Context): string[] {
  return [
    ...Object.entries(knownFields(truth, context)).flatMap(([name, known]) => {
      const value = record[name as keyof Accept];
      return isDeepStrictEqual(value, known) ? [] : [`${name}: ${value}, not ${known}`];
    }),
    ...clockProblems(record, truth, context.clockStepUs ?? CLOCK_STEP_US),
    ...queueProblems(record, truth, context),
    ...entityProblems(record, truth),
    ...outside('cpu', record.cpu, 0, Number.MAX_SAFE_INTEGER),
    ...outside('sequence', record.sequence, 1, Number.MAX_SAFE_INTEGER),
    ...outside('lost', record.lost, 0, 0),
    ...(UUID.test(record.capture_id) ? [] : [`capture_id: ${record.capture_id}`]),
  ];
}

/** The name of a thread as Avro holds it: one U+FFFD for each byte that is not part of a UTF-8 character. */
export function commText(comm: Uint8Array): string {
  let text = '';
  for (let offset = 0; offset < comm.length; ) {
    const character = characterAt(comm, offset);
    text += character?.text ?? '\ufffd';
    offset += character?.bytes ?? 1;
  }
  return text;
}

function knownFields(truth: Truth, context: Context): Partial<Accept> {
  const { remoteAddress, remotePort, localAddress, ip } = columnsOf(truth);
  return {
    host: hostname(),
    host_id: machineHash(),
    hook: context.hook,
    pid: truth.pid,
    tid: truth.tid,
    ppid: truth.ppid,
    uid: truth.uid,
    gid: truth.gid,
    comm: commText(Buffer.from(truth.comm, 'hex')),
    ip_version: ip,
    remote_address: remoteAddress,
    remote_port: remotePort,
    local_address: localAddress,
    local_port: truth.local_port,
    peer_reset: truth.peer_address === '',
    mptcp: context.mptcp ?? false,
    netns: inodeOf(truth.netns),
    mntns: inodeOf(truth.mntns),
    pidns: inodeOf(truth.pidns),
    ...cgroupOf(truth.cgroup),
    exe: truth.exe,
    container_id: containerOf(truth.cgroup),
    user_name: userName(truth.uid),
    community_id: communityId(endOf(remoteAddress, remotePort), endOf(localAddress, truth.local_port)),
    backlog: truth.backlog,
    backlog_max: truth.backlog_max,
    // Of a connection that its caller never got, nobody can ask.
    ...(truth.fd < 0 ? {} : { rtt_us: truth.rtt_us }),
  };
}

/** The two clocks are read one after the other, and process_start has the ticks of procfs. */
function clockProblems(record: Accept, truth: Truth, step: number): string[] {
  return [
    ...outside('monotonic_us', record.monotonic_us, truth.before_us, truth.after_us),
    ...outside('event_time', record.event_time, truth.wall_before_us - step, truth.wall_after_us + step),
    ...outside('process_start', record.process_start - truth.process_start_us, -TICK_US, TICK_US),
  ];
}

/** The lock that TCP's accept waits for is not the first subflow's: an MPTCP accept can be before the end of its handshake. */
function queueProblems({ queued_us }: Accept, truth: Truth, { mptcp, clockStepUs = CLOCK_STEP_US }: Context): string[] {
  const shortest = Math.max(0, truth.before_us - truth.connect_after_us - clockStepUs);
  if (mptcp && shortest === 0 && queued_us === -1) return [];
  return outside('queued_us', queued_us, shortest, truth.after_us - truth.connect_before_us + 1);
}

/** The boot's id, the pid, and a start that has the ticks of procfs. */
function entityProblems({ entity_id }: Accept, truth: Truth): string[] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const start = Number(new RegExp(`^${boot}:${truth.pid}:(\\d+)$`).exec(entity_id)?.[1] ?? Number.NaN) / 1000;
  return outside('entity_id', start - truth.process_boottime_us, -TICK_US, TICK_US).map(
    (text) => `${text}: ${entity_id}`,
  );
}

/** An address as a connection ID has it: four bytes for IPv4, mapped or not. */
function endOf(address: string, port: number): [number[], number] {
  return [bytesOf(address.replace(/^::ffff:(?=.*\.)/, '')), port];
}

function containerOf(cgroup: string): string {
  const ids = cgroup.split('/').map((name) => /^(?:.*(?<!conmon)[-:])?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1]);
  return ids.findLast((id) => id !== undefined) ?? '';
}

const userNames = new Map<number, string>();

/** As getent says; by the file where there is no getent. */
function userName(uid: number): string {
  const known = userNames.get(uid) ?? passwdLine(uid).split(':')[0] ?? '';
  userNames.set(uid, known);
  return known;
}

function passwdLine(uid: number): string {
  try {
    return execFileSync('getent', ['passwd', `${uid}`], { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync('/etc/passwd')) return '';
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.split(':')[2] === `${uid}`) ?? '';
  }
}

function outside(field: string, value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [`${field}: ${value}, not within ${low} and ${high}`];
}

export function inodeOf(namespace: string): number {
  return Number(/\[(\d+)\]/.exec(namespace)?.[1]);
}

function cgroupOf(path: string): Pick<Accept, 'cgroup_id' | 'cgroup' | 'cgroup_path'> {
  const mount = cgroup2Mount();
  if (mount === undefined) return { cgroup_id: 1, cgroup: '', cgroup_path: '/' };
  return { cgroup_id: statSync(join(mount, path)).ino, cgroup: basename(path), cgroup_path: path };
}

/** sd_id128_get_machine_app_specific(3): HMAC-SHA256 keyed with the machine-id, its first half made a UUID of version 4. */
function machineHash(): string {
  // A bare Debian has none.
  if (!existsSync('/etc/machine-id')) return '';
  const machine = Buffer.from(readFileSync('/etc/machine-id', 'utf8').trim(), 'hex');
  const digits = createHmac('sha256', machine).update(Buffer.from(APP_ID, 'hex')).digest('hex').slice(0, 32);
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16);
  return `${digits.slice(0, 12)}4${digits.slice(13, 16)}${variant}${digits.slice(17)}`;
}

function characterAt(bytes: Uint8Array, offset: number): { text: string; bytes: number } | undefined {
  for (let length = 1; length <= 4 && offset + length <= bytes.length; length++) {
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return { text: decoder.decode(bytes.subarray(offset, offset + length)), bytes: length };
    } catch {
      // Not a whole character yet.
    }
  }
  return undefined;
}
