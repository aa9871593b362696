import { type Reject, readPid, readPorts, readRingBytes } from './values.js';

/** What one run was asked to do. An absent member means no such filter. */
export interface CliOptions {
  /** Column TIME: local time of the accept. */
  readonly time: boolean;
  /** Column TIME(s): seconds since the first row. */
  readonly timestamp: boolean;
  readonly pid?: number;
  readonly ports?: readonly number[];
  readonly family?: 4 | 6;
  /** Pinned BPF map of cgroup ids. */
  readonly cgroupMap?: string;
  /** Pinned BPF map of mount namespace inodes. */
  readonly mntnsMap?: string;
  /** Size of the kernel's ring buffer, a power of two. */
  readonly ringBytes: number;
}

export const DEFAULTS: CliOptions = { time: false, timestamp: false, ringBytes: 8 * 2 ** 20 };

interface Row {
  /** Short flag before the long one. */
  readonly flags: readonly string[];
  /** Name of the value; absent for an option that takes none. */
  readonly metavar?: string;
  readonly help: string;
  /** Neighbouring options with the same word exclude each other. */
  readonly exclusive?: string;
}

/** Sets one member of CliOptions; an empty value leaves it at its default. `read` throws what `reject` makes. */
type Setting = {
  readonly [K in keyof CliOptions]-?: {
    readonly key: K;
    readonly read: (text: string, reject: Reject) => NonNullable<CliOptions[K]>;
  };
}[keyof CliOptions];

export type Option = Row & (Setting | { readonly prints: 'help' | 'version' });

const on = (): boolean => true;
const asGiven = (text: string): string => text;

/** Every option there is: parser, usage, help and documentation follow this table. Help strings are tcpaccept's. */
export const OPTIONS: readonly Option[] = [
  { flags: ['-h', '--help'], help: 'show this help message and exit', prints: 'help' },
  { flags: ['-T', '--time'], help: 'include time column on output (HH:MM:SS)', key: 'time', read: on },
  { flags: ['-t', '--timestamp'], help: 'include timestamp on output', key: 'timestamp', read: on },
  { flags: ['-p', '--pid'], metavar: 'PID', help: 'trace this PID only', key: 'pid', read: readPid },
  {
    flags: ['-P', '--port'],
    metavar: 'PORTS',
    help: 'comma-separated list of local ports to trace',
    key: 'ports',
    read: readPorts,
  },
  { flags: ['-4', '--ipv4'], help: 'trace IPv4 family only', exclusive: 'family', key: 'family', read: () => 4 },
  { flags: ['-6', '--ipv6'], help: 'trace IPv6 family only', exclusive: 'family', key: 'family', read: () => 6 },
  {
    flags: ['--cgroupmap'],
    metavar: 'PATH',
    help: 'trace cgroups in this BPF map only',
    key: 'cgroupMap',
    read: asGiven,
  },
  {
    flags: ['--mntnsmap'],
    metavar: 'PATH',
    help: 'trace mount namespaces in this BPF map only',
    key: 'mntnsMap',
    read: asGiven,
  },
  {
    flags: ['--ring-bytes'],
    metavar: 'BYTES',
    help: `size of the kernel ring buffer in bytes, a power of two (default: ${DEFAULTS.ringBytes})`,
    key: 'ringBytes',
    read: readRingBytes,
  },
  { flags: ['--version'], help: "show program's version number and exit", prints: 'version' },
];
