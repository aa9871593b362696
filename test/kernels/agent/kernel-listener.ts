// A listener of the kernel itself: the NVMe target, set up through configfs as nvmetcli does it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Accept, Hook } from '../../../source-plugin/index.js';
import { recordProblems } from '../../support/record-problems.js';
import type { Truth } from '../../workload/workload.js';
import type { Sight } from './hook.js';

const MODULES = '/modules';
const CONFIG = '/sys/kernel/config';
const PORT = 4420;
// No NVMe command starts so: the target closes, and by then it has accepted.
const NONSENSE = Buffer.alloc(128, 0xff);
const KERNEL_THREADS = 2;
const TICK_US = 10_000;

interface Connection {
  readonly port: number;
  readonly before_us: number;
  readonly after_us: number;
  readonly wall_before_us: number;
  readonly wall_after_us: number;
}

const monotonicUs = () => Number(process.hrtime.bigint() / 1000n);

/** Loads what loads, again and again, until nothing more does: their order is not known here. */
function loadModules(): void {
  const waiting = new Set(existsSync(MODULES) ? readdirSync(MODULES) : []);
  for (let size = -1; size !== waiting.size; ) {
    size = waiting.size;
    for (const name of waiting) {
      try {
        execFileSync('insmod', [join(MODULES, name)], { stdio: 'pipe' });
        waiting.delete(name);
      } catch {
        // It needs another one first, or it is built in.
      }
    }
  }
}

function configure(): void {
  if (!existsSync(join(CONFIG, 'nvmet'))) execFileSync('mount', ['-t', 'configfs', 'configfs', CONFIG]);
  const [subsystem, port] = [join(CONFIG, 'nvmet/subsystems/test'), join(CONFIG, 'nvmet/ports/1')];
  mkdirSync(subsystem);
  writeFileSync(join(subsystem, 'attr_allow_any_host'), '1');
  mkdirSync(port);
  const address = { trtype: 'tcp', adrfam: 'ipv4', traddr: '127.0.0.1', trsvcid: `${PORT}` };
  for (const [name, value] of Object.entries(address)) writeFileSync(join(port, `addr_${name}`), value);
  symlinkSync(subsystem, join(port, 'subsystems/test'));
}

function statusOf(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

/** Since the machine started. */
function startOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[19]) * TICK_US;
}

/** The worker that accepted, by procfs: a thread of the kernel. */
function truthOf(connection: Connection, record: Accept): Truth {
  const namespace = (kind: string) => readlinkSync(`/proc/1/ns/${kind}`);
  const worker = { pid: record.pid, tid: record.pid, ppid: KERNEL_THREADS, uid: 0, gid: 0 };
  // procfs adds what the worker works on.
  const name =
    statusOf(record.pid, 'Name').startsWith(record.comm) && /^kworker\//.test(record.comm) ? record.comm : '';
  const [client, server] = [
    { address: '127.0.0.1', port: connection.port },
    { address: '127.0.0.1', port: PORT },
  ];
  return {
    ...connection,
    ...worker,
    kind: 'accept',
    fd: -1,
    errno: 0,
    comm: Buffer.from(name).toString('hex'),
    // A guest never sleeps: both of the kernel's clocks count from its boot.
    process_start_us: Date.now() * 1000 - monotonicUs() + startOf(record.pid),
    process_boottime_us: startOf(record.pid),
    exe: '',
    ...{ netns: namespace('net'), mntns: namespace('mnt'), pidns: namespace('pid'), cgroup: '/' },
    ...{
      peer_address: client.address,
      peer_port: client.port,
      client_address: client.address,
      client_port: client.port,
    },
    ...{ local_address: server.address, local_port: PORT, server_address: server.address, server_port: PORT },
    ...{ rtt_us: -1, backlog: 0, backlog_max: record.backlog_max },
    ...{ connect_before_us: connection.before_us, connect_after_us: connection.after_us },
  };
}

export class KernelListener {
  /** Why there is none; '' when it listens. */
  readonly absence: string;

  constructor() {
    let absence = '';
    try {
      loadModules();
      configure();
    } catch (error) {
      absence = (error as Error).message;
    }
    this.absence = absence;
  }

  /** Resolves when the kernel has accepted a connection; undefined when there is no listener. */
  async connect(): Promise<Connection | undefined> {
    if (this.absence) return undefined;
    const [before_us, wall_before_us] = [monotonicUs(), Date.now() * 1000];
    const socket = connect(PORT, '127.0.0.1');
    const port = await new Promise<number>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        const { localPort } = socket;
        socket.on('error', () => {}).once('close', () => resolve(localPort as number));
        socket.resume().write(NONSENSE);
      });
    });
    return { port, before_us, after_us: monotonicUs(), wall_before_us, wall_after_us: (Date.now() + 1) * 1000 };
  }

  judge(connection: Connection | undefined, all: readonly Accept[], hook: Hook, listener: boolean): Sight {
    const sight = { path: 'kernel', hook, problems: [this.absence].filter(Boolean) };
    if (!connection) return { ...sight, seen: 'absent' };
    const records = all.filter(({ local_port }) => local_port === PORT);
    const [record] = records;
    if (!record) return { ...sight, seen: 'none' };
    const truth = truthOf(connection, record);
    const queue = listener ? {} : { backlog: -1, backlog_max: -1 };
    const problems = recordProblems(record, { ...truth, ...queue }, { hook, clockStepUs: 50_000 });
    if (records.length > 1) problems.push(`${records.length} records of one accept`);
    return { ...sight, seen: problems.length === 0 ? 'once' : 'wrong', problems };
  }
}
