import { getSystemErrorName } from 'node:util';
import { AcceptstreamError } from '../schemas/error.js';

/** How the addon says that a capture did not open. */
export interface Failed {
  readonly errno: number;
  readonly operation: string;
  /** Lines of libbpf, the kernel's verifier among them; or the system's word for errno. */
  readonly detail: string;
}

interface MapPaths {
  readonly cgroupMap?: string;
  readonly mntnsMap?: string;
}

const MAP_OPTIONS: Record<string, { option: string; path: keyof MapPaths }> = {
  cgroup_set: { option: '--cgroupmap', path: 'cgroupMap' },
  mntns_set: { option: '--mntnsmap', path: 'mntnsMap' },
};

/** What libbpf says after the reason, or of what it did not find out. */
const AFTERTHOUGHTS =
  /failed to load object|failed to load: -|failed to prepare load attributes|permission error while running as root|PROG LOAD LOG --|^processed \d+ insns/;

/** What the kernel says within itself, and of fentry where it has none (arm64 before 6.4): no C library knows it. */
const ENOTSUPP = 524;

/** PERMISSION, KERNEL, or of a user's map MAP. */
export function openError(failed: Failed, paths: MapPaths): AcceptstreamError {
  const name = failed.errno === ENOTSUPP ? 'ENOTSUPP' : getSystemErrorName(-failed.errno);
  const map = MAP_OPTIONS[failed.operation];
  if (map) return mapError(map.option, paths[map.path] ?? '', failed);
  return new AcceptstreamError(
    isPermission(name) ? 'PERMISSION' : 'KERNEL',
    failed.operation,
    `cannot ${failed.operation} (${name}: ${reasonIn(failed.detail)})`,
    failed.detail,
  );
}

function isPermission(name: string): boolean {
  return name === 'EPERM' || name === 'EACCES';
}

/** The last line that tells why: what comes before it leads up to it. */
function reasonIn(detail: string): string {
  const lines = detail.trim().split('\n');
  return (lines.findLast((line) => !AFTERTHOUGHTS.test(line)) ?? lines[0] ?? '')
    .replace(/^libbpf: /, '')
    .replace('ERROR: strerror_r(-524)=22', 'not supported');
}

function mapError(option: string, path: string, failed: Failed): AcceptstreamError {
  const name = getSystemErrorName(-failed.errno);
  if (isPermission(name))
    return new AcceptstreamError('PERMISSION', option, `${option} ${path}: ${failed.detail}`, failed.detail);
  const remedy =
    name === 'ENOENT'
      ? `pin it first, on a BPF file system (bpftool map create ${path} type hash key 8 value 8 entries 1024 name set)`
      : 'give a pinned BPF hash map with 8-byte keys';
  return new AcceptstreamError('MAP', option, `${option} ${path}: ${failed.detail}; ${remedy}`, failed.detail);
}
