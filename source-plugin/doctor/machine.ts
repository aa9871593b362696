import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { holds, isInitialUserNamespace, missingCapabilities } from '../capabilities.js';

/** What the files of this machine tell. What is unknown is '' or undefined. */
export interface Machine {
  /** Of the kernel, as uname -r. */
  readonly release: string;
  readonly btf: Btf;
  /** none, integrity or confidentiality. */
  readonly lockdown: string;
  /** Effective user id. */
  readonly uid: number;
  readonly missing: readonly string[];
  /** Capabilities of any other user namespace do not count for BPF. */
  readonly isInitialUserNamespace: boolean;
  /** What keeps us from the tracepoints of accept, '' when nothing does. */
  readonly tracefsProblem: '' | 'absent' | 'unreadable';
  /** kernel.perf_event_paranoid where it keeps us from kprobes and tracepoints, else undefined. */
  readonly paranoid: number | undefined;
  /** Where it is mounted. */
  readonly bpffs: string;
  /** RLIMIT_MEMLOCK in bytes, Infinity for none; undefined where maps don't count as locked memory. */
  readonly memlock: number | undefined;
  readonly availableBytes: number | undefined;
}

export interface Btf {
  readonly bytes: number;
  /** Why it can't be used, '' when it can. */
  readonly problem: string;
  /** Whether the kernel tells the listener of a system call: bpf_task_pt_regs (dd6e10fbd9fb, 5.15). */
  readonly tellsListener: boolean;
}

/** linux/btf.h: magic, version, flags, then five lengths of which the last two are those of the strings. */
const BTF_MAGIC = 0xeb9f;
const BTF_HEADER = 24;
/** As libbpf asks whether maps count as locked memory: came with 5.11, as did the accounting to cgroups. */
const SINCE_MEMCG = 'BPF_FUNC_ktime_get_coarse_ns';
const TRACEFS = ['sys/kernel/tracing', 'sys/kernel/debug/tracing'];

/** Reads the files below `root`; never throws for what is missing or odd there. */
export function lookAt(root = '/'): Machine {
  const text = (path: string) => read(root, path)?.toString() ?? '';
  const status = text('proc/self/status');
  const btf = read(root, 'sys/kernel/btf/vmlinux');
  return {
    release: text('proc/sys/kernel/osrelease').trim(),
    btf: readBtf(btf),
    lockdown: /\[(\w+)\]/.exec(text('sys/kernel/security/lockdown'))?.[1] ?? '',
    uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1] ?? -1),
    missing: missingCapabilities(status),
    isInitialUserNamespace: isInitialUserNamespace(text('proc/self/uid_map')),
    tracefsProblem: tracefsProblem(root),
    paranoid: paranoid(text('proc/sys/kernel/perf_event_paranoid'), status),
    bpffs: mountOf(text('proc/self/mounts'), 'bpf'),
    memlock: isMemlockCounted(btf, status) ? memlock(text('proc/self/limits')) : undefined,
    availableBytes: kibibytes(/^MemAvailable:\s+(\d+) kB$/m.exec(text('proc/meminfo'))?.[1]),
  };
}

// A BTF that can't be used tells nothing, and is what to mend first.
function isMemlockCounted(btf: Buffer | undefined, status: string): boolean {
  return readBtf(btf).problem === '' && !btf?.includes(SINCE_MEMCG) && !holds('CAP_SYS_RESOURCE', status);
}

function read(root: string, path: string): Buffer | undefined {
  try {
    return readFileSync(join(root, path));
  } catch {
    return undefined;
  }
}

function readBtf(btf: Buffer | undefined): Btf {
  return {
    bytes: btf?.length ?? 0,
    problem: btf ? btfProblem(btf) : 'is not there',
    tellsListener: btf?.includes('BPF_FUNC_task_pt_regs') ?? false,
  };
}

function btfProblem(btf: Buffer): string {
  if (btf.length < BTF_HEADER || btf.readUInt16LE(0) !== BTF_MAGIC) return 'is no BTF of this machine';
  const [header, start, length] = [4, 16, 20].map((offset) => btf.readUInt32LE(offset));
  return btf.length < (header ?? 0) + (start ?? 0) + (length ?? 0) ? 'is cut off' : '';
}

function tracefsProblem(root: string): Machine['tracefsProblem'] {
  const codes = TRACEFS.map((folder) => {
    try {
      readFileSync(join(root, folder, 'events/syscalls/sys_exit_accept/id'));
      return '';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  });
  if (codes.includes('')) return '';
  return codes.includes('EACCES') || codes.includes('EPERM') ? 'unreadable' : 'absent';
}

// Above the kernel's own 2 are levels of distributions (Debian has 3), at which CAP_PERFMON is not enough.
function paranoid(text: string, status: string): number | undefined {
  const level = Number.parseInt(text, 10);
  return level > 2 && !holds('CAP_SYS_ADMIN', status) ? level : undefined;
}

function mountOf(mounts: string, type: string): string {
  const fields = mounts.split('\n').map((line) => line.split(' '));
  return fields.find((field) => field[2] === type)?.[1] ?? '';
}

function memlock(limits: string): number | undefined {
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function kibibytes(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text) * 1024;
}
