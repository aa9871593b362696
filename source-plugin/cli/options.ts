import type { Filter } from '../../filter-core/filter.js';
import type { TextFormat } from '../../filter-core/formats.js';
import { HOOKS, type Hook } from '../../native/hooks.js';
import type { LogLevel } from '../log.js';
import { DEFAULT_RING_BYTES } from '../ring.js';
import { FILTER_EXAMPLES, FILTER_OPTIONS, NETNS_PLACE_OPTION } from './filter-options.js';
import { readPorts } from './filter-values.js';
import { type Reject, readFormat, readHook, readLogLevel, readNewFile, readPid, readRingBytes } from './values.js';

/** Which rows are printed, and how. An absent member means no such filter. */
export interface RowOptions extends Filter {
  readonly format: TextFormat;
  /** Column TIME: local time of the accept. */
  readonly time: boolean;
  /** Column TIME(s): seconds since the first row. */
  readonly timestamp: boolean;
}

/** What stderr tells. */
export interface LogOptions {
  readonly logLevel: LogLevel;
}

/** What one capture was asked to do. */
export interface CliOptions extends RowOptions, LogOptions {
  /** Pinned BPF map of cgroup ids. */
  readonly cgroupMap?: string;
  /** Pinned BPF map of mount namespace inodes. */
  readonly mntnsMap?: string;
  /** Network namespaces: inode numbers, or paths of what has them. */
  readonly netnsPlaces?: readonly (number | string)[];
  /** Size of the kernel's ring buffer, a power of two. */
  readonly ringBytes: number;
  /** The only kernel hook to take. */
  readonly hook?: Hook;
  /** A file that the accepts go into as well. */
  readonly write?: string;
}

/** What help and usage say of an option. */
export interface Row {
  /** Short flag before the long one. */
  readonly flags: readonly string[];
  /** Name of the value; absent for an option that takes none. */
  readonly metavar?: string;
  readonly help: string;
  /** Neighbouring options with the same word exclude each other. */
  readonly exclusive?: string;
  /** Abbreviations that fit another option too are the other's: those of tcpaccept keep their meaning. */
  readonly yields?: true;
}

/** Sets one member of O; an empty value leaves it at its default. `read` throws what `reject` makes. */
type Setting<O> = {
  readonly [K in keyof O]-?: {
    readonly key: K;
    readonly read: (text: string, reject: Reject) => NonNullable<O[K]>;
  };
}[keyof O];

/** `refused`: an option of another command, not in this one's help; says why this one has none. */
export type Option<O> = Row & (Setting<O> | { readonly prints: 'help' | 'version' } | { readonly refused: string });

/** Arguments that are no options. */
export interface Operands<O> {
  readonly metavar: string;
  readonly help: string;
  readonly key: keyof O;
}

/** A command whose arguments set O: parser, usage, help and documentation follow its table. */
export interface Command<O> {
  /** As usage and errors name it. */
  readonly program: string;
  readonly description: string;
  readonly options: readonly Option<O>[];
  /** What it takes besides options, any number of them. */
  readonly operands?: Operands<O>;
  /** What no option alone can say: throws what it has against them. */
  readonly check?: (options: O) => void;
  /** All members of O that can't be absent. */
  readonly defaults: Partial<O>;
  /** Ends the help; newline at the end. */
  readonly epilog: string;
}

export const on = (): boolean => true;
export const asGiven = (text: string): string => text;

export const HELP_OPTION = {
  flags: ['-h', '--help'],
  help: 'show this help message and exit',
  prints: 'help',
} as const;

/** Every filter that all commands have: tcpaccept's, with its help, and further ones. */
export const CONDITION_OPTIONS: readonly Option<Filter>[] = [
  { flags: ['-p', '--pid'], metavar: 'PID', help: 'trace this PID only', key: 'pid', read: readPid },
  {
    flags: ['-P', '--port'],
    metavar: 'PORTS',
    help: 'comma-separated list of local ports to trace, also ranges',
    key: 'ports',
    read: readPorts,
  },
  { flags: ['-4', '--ipv4'], help: 'trace IPv4 family only', exclusive: 'family', key: 'family', read: () => 4 },
  { flags: ['-6', '--ipv6'], help: 'trace IPv6 family only', exclusive: 'family', key: 'family', read: () => 6 },
  ...FILTER_OPTIONS,
];

/** tcpaccept's own, with its help, further filters, and the format; `--netns` is each command's. */
export const ROW_OPTIONS: readonly Option<RowOptions>[] = [
  { flags: ['-T', '--time'], help: 'include time column on output (HH:MM:SS)', key: 'time', read: on },
  { flags: ['-t', '--timestamp'], help: 'include timestamp on output', key: 'timestamp', read: on },
  ...CONDITION_OPTIONS,
  {
    flags: ['--format'],
    metavar: 'FORMAT',
    help: "'tcpaccept' (default), 'wide', or an object a line: 'json', 'ecs', 'ocsf', 'otel'",
    key: 'format',
    read: readFormat,
  },
];

export const ROW_DEFAULTS = { format: 'tcpaccept', time: false, timestamp: false } as const;

/** Of a command at a terminal: its default is warn. */
export const LOG_OPTION: Option<LogOptions> = {
  flags: ['--log-level'],
  metavar: 'LEVEL',
  help: "what stderr tells: 'error', 'warn' (default), 'info' or 'debug', each with those before it",
  key: 'logLevel',
  read: readLogLevel,
};

export const LOG_DEFAULTS: LogOptions = { logLevel: 'warn' };

const DEFAULTS: CliOptions = { ...ROW_DEFAULTS, ...LOG_DEFAULTS, ringBytes: DEFAULT_RING_BYTES };

/** Every option of the capture. */
const OPTIONS: readonly Option<CliOptions>[] = [
  HELP_OPTION,
  ...ROW_OPTIONS,
  NETNS_PLACE_OPTION,
  {
    flags: ['--write'],
    metavar: 'FILE.avro',
    help: 'also write the records to this new file, an Avro Object Container File',
    key: 'write',
    read: readNewFile,
  },
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
  {
    flags: ['--hook'],
    metavar: 'NAME',
    help: 'take this kernel hook only, for diagnosis (default: the first below that works)',
    yields: true,
    key: 'hook',
    read: readHook,
  },
  LOG_OPTION,
  { flags: ['--version'], help: "show program's version number and exit", prints: 'version' },
];

const EPILOG = `examples:
    acceptstream           # trace all TCP accept()s
    acceptstream -t        # include timestamps
    acceptstream -P 80,81  # only trace port 80 and 81
    acceptstream -p 181    # only trace PID 181
    acceptstream --cgroupmap mappath  # only trace cgroups in this BPF map
    acceptstream --mntnsmap mappath   # only trace mount namespaces in the map
    acceptstream -4        # trace IPv4 family
    acceptstream -6        # trace IPv6 family
    acceptstream -tT > accepts.txt    # both times, into a file
    acceptstream | grep --line-buffered sshd  # rows of one program, live
    acceptstream --format wide                # whole addresses, queues
    acceptstream --format ecs                 # JSON for a SIEM
    acceptstream --write accepts.avro         # rows, and a recording
    acceptstream --ring-bytes 67108864        # room for longer bursts

filters, of which all that are given must hold:
${FILTER_EXAMPLES}
commands:
    acceptstream run FILE.yaml      # stream to Kafka and other sinks (run -h)
    acceptstream read FILE...       # print recordings or a Kafka topic (read -h)
    acceptstream doctor             # what works here, and what is missing
    acceptstream wasm               # filters as a module for Fluent Bit (wasm -h)

kernel hooks, best first:
${HOOKS.map((hook) => `    ${hook}\n`).join('')}
exit status:
    0  ended by Ctrl-C, another signal or a closed pipe
    1  failed, for the reason on stderr
    2  the command line is wrong
`;

/** The accepts of this host, as they happen. */
export const CAPTURE: Command<CliOptions> = {
  program: 'acceptstream',
  description: 'Trace TCP accepts',
  options: OPTIONS,
  defaults: DEFAULTS,
  epilog: EPILOG,
};
