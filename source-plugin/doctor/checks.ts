import { DEFAULT_RING_BYTES } from '../ring.js';
import type { Machine } from './machine.js';

export type Status = 'ok' | 'warn' | 'fail';

/** One line of the report. */
export interface Check {
  readonly name: string;
  readonly status: Status;
  readonly detail: string;
  /** What to do; '' when there is nothing to do. */
  readonly remedy: string;
}

const MIB = 2 ** 20;
const BTF_PATH = '/sys/kernel/btf/vmlinux';
/** Counters, filters and the programs take some, beside the ring. */
const LOCKED_BYTES = DEFAULT_RING_BYTES + 256 * 1024;
const OLDEST = [5, 10] as const;

const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail, remedy: '' });
const warn = (name: string, detail: string, remedy: string): Check => ({ name, status: 'warn', detail, remedy });
const fail = (name: string, detail: string, remedy: string): Check => ({ name, status: 'fail', detail, remedy });

/** What a machine has of what capture needs. `libbpf` is its version, or why there is none. */
export function machineChecks(
  machine: Machine,
  libbpf: { readonly version: string; readonly problem: string },
): Check[] {
  return [
    kernel(machine.release),
    btf(machine),
    lockdown(machine.lockdown),
    privileges(machine),
    tracefs(machine.tracefsProblem),
    perfEvents(machine.paranoid),
    bpffs(machine.bpffs),
    libbpf.problem ? fail('libbpf', libbpf.problem, '') : ok('libbpf', libbpf.version),
    memlock(machine.memlock),
    memory(machine.availableBytes),
  ];
}

function kernel(release: string): Check {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld ? fail('kernel', release || 'unknown', 'run Linux 5.10 or later') : ok('kernel', release);
}

function btf({ btf: { bytes, problem } }: Machine): Check {
  if (!problem) return ok('btf', `${BTF_PATH}, ${(bytes / 1e6).toFixed(1)} MB`);
  const remedy = 'run a kernel built with CONFIG_DEBUG_INFO_BTF, and see that nothing hides or replaces the file';
  return fail('btf', `${BTF_PATH} ${problem}`, remedy);
}

function lockdown(state: string): Check {
  if (state !== 'confidentiality') return ok('lockdown', state || 'unknown: this kernel or securityfs does not tell');
  return warn('lockdown', 'confidentiality: programs may not read kernel memory', 'boot with lockdown=integrity');
}

function privileges({ uid, missing, isInitialUserNamespace }: Machine): Check {
  const user = uid === 0 ? 'root' : `user ${uid}`;
  if (!isInitialUserNamespace)
    return fail('privileges', `${user} of a user namespace, which has no say in BPF`, 'run it outside, as real root');
  if (missing.length === 0) return ok('privileges', `${user}, with CAP_BPF and CAP_PERFMON`);
  const remedy =
    uid === 0
      ? 'give it both (containers: --cap-add BPF --cap-add PERFMON)'
      : 'run it as root, or with CAP_BPF and CAP_PERFMON (systemd: AmbientCapabilities=)';
  return fail('privileges', `${user}, without ${missing.join(' and ')}`, remedy);
}

function tracefs(problem: Machine['tracefsProblem']): Check {
  const name = 'tracefs';
  if (problem === 'absent')
    return warn(name, 'not mounted, or without system calls', 'mount -t tracefs tracefs /sys/kernel/tracing');
  if (problem === 'unreadable') return warn(name, 'this user may not read it', 'give it CAP_DAC_READ_SEARCH too');
  return ok(name, 'the tracepoints of accept are there');
}

function perfEvents(level: number | undefined): Check {
  if (level === undefined) return ok('perf events', 'kprobes and tracepoints may be used');
  const remedy = 'sysctl kernel.perf_event_paranoid=2, or CAP_SYS_ADMIN';
  return warn('perf events', `kernel.perf_event_paranoid is ${level}: kprobe and tracepoint hooks need more`, remedy);
}

function bpffs(path: string): Check {
  if (path) return ok('bpffs', `on ${path}`);
  return warn('bpffs', 'not mounted; only --cgroupmap and --mntnsmap need it', 'mount -t bpf bpf /sys/fs/bpf');
}

/** Whether the limit of locked memory is too low for the ring. */
export const isMemlockShort = (limit: Machine['memlock']): boolean => limit !== undefined && limit < LOCKED_BYTES;

function memlock(limit: Machine['memlock']): Check {
  if (limit === undefined) return ok('memlock', 'no limit for maps');
  const detail = `${limit} bytes may be locked`;
  if (!isMemlockShort(limit)) return ok('memlock', detail);
  const remedy = 'ulimit -l unlimited (systemd: LimitMEMLOCK=infinity), CAP_SYS_RESOURCE, or a smaller --ring-bytes';
  return fail('memlock', `${detail}, a ring of ${DEFAULT_RING_BYTES} takes ${LOCKED_BYTES}`, remedy);
}

function memory(available: number | undefined): Check {
  const resident = (2 * DEFAULT_RING_BYTES) / MIB;
  const ring = `a ring of ${DEFAULT_RING_BYTES / MIB} MiB counts ${resident} MiB, as it is mapped twice`;
  if (available === undefined) return ok('memory', ring);
  const detail = `${Math.floor(available / MIB)} MiB available; ${ring}`;
  return available >= 2 * DEFAULT_RING_BYTES
    ? ok('memory', detail)
    : warn('memory', detail, 'give a smaller --ring-bytes');
}
