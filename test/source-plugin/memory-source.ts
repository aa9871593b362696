import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import avro from 'avsc';
import type { Accept, Drained, Source } from '../../source-plugin/index.js';

const SCHEMA = fileURLToPath(new URL('../../schemas/accept.avsc', import.meta.url));

/** The schema as avsc reads it: what every datum is measured by. */
export const acceptType = avro.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')));

const ACCEPT: Accept = {
  event_time: 1_790_000_000_123_456,
  monotonic_us: 5_000_000,
  host: 'db1',
  host_id: '0123456789abcdef0123456789abcdef',
  capture_id: '7d444840-9dc0-41d1-b245-5ffdce74fad2',
  cpu: 1,
  sequence: 1,
  lost: 0,
  hook: 'tp_btf:sys_exit',
  pid: 907,
  tid: 911,
  ppid: 1,
  uid: 4294967294,
  gid: 0,
  comm: 'café',
  process_start: 1_789_999_000_000_000,
  ip_version: 4,
  remote_address: '192.0.2.7',
  remote_port: 32324,
  local_address: '192.0.2.1',
  local_port: 22,
  peer_reset: false,
  mptcp: false,
  netns: 4026531833,
  mntns: 4026531832,
  pidns: 4026531836,
  cgroup_id: 4242,
  cgroup: 'ssh.service',
  backlog: 0,
  backlog_max: 128,
  queued_us: 250,
  rtt_us: 90,
  cgroup_path: '/system.slice/ssh.service',
  exe: '/usr/sbin/sshd',
  container_id: '',
  entity_id: 'd0ee5d0c-3b8f-4a1e-9a6b-0c1f2f3a4b5c:907:4001000000',
  user_name: 'sshd',
  community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
};

/** A whole record; what is not given is that of an ordinary accept. */
export function acceptOf(fields: Partial<Accept> = {}): Accept {
  return { ...ACCEPT, ...fields };
}

/** The datum of a record. */
export function datumOf(fields: Partial<Accept> = {}): Buffer {
  return acceptType.toBuffer(acceptOf(fields));
}

/** Datums from memory; its offsets count datums. Writes down what it is asked. */
export class MemorySource implements Source {
  readonly calls: string[] = [];
  committed = 0;
  #datums: Buffer[];
  #position = 0;

  constructor(datums: readonly Buffer[] = []) {
    this.#datums = [...datums];
  }

  append(...datums: readonly Buffer[]): void {
    this.#datums.push(...datums);
  }

  read(target: Uint8Array): Drained {
    let bytes = 0;
    let records = 0;
    for (const datum of this.#datums.slice(this.#position)) {
      if (bytes + datum.length > target.length) break;
      target.set(datum, bytes);
      bytes += datum.length;
      records += 1;
    }
    this.#position += records;
    this.calls.push(`read ${records}`);
    return { bytes, records, position: this.#position };
  }

  position(): number {
    return this.#position;
  }

  commit(position: number): void {
    this.calls.push(`commit ${position}`);
    this.committed = position;
  }

  seek(position: number): void {
    this.calls.push(`seek ${position}`);
    this.#position = position;
  }

  detach(): void {
    this.calls.push('detach');
  }

  close(): void {
    this.calls.push('close');
  }
}
