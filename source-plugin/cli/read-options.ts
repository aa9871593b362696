import { argumentError, usageError } from './errors.js';
import { NETNS_OPTION } from './filter-options.js';
import {
  asGiven,
  type Command,
  HELP_OPTION,
  LOG_DEFAULTS,
  LOG_OPTION,
  type LogOptions,
  type Option,
  on,
  ROW_DEFAULTS,
  ROW_OPTIONS,
  type RowOptions,
} from './options.js';
import { readBrokers, readRegistryUrl, readStart, readTime, readTopic } from './read-values.js';

/** What one reading of files or of a topic was asked to do. */
export interface ReadOptions extends Omit<RowOptions, 'since' | 'until'>, LogOptions {
  /** Files, folders, and '-' for stdin; none with a topic. */
  readonly files: readonly string[];
  /** host:port of each. */
  readonly brokers?: readonly string[];
  readonly topic?: string;
  readonly registry?: string;
  /** YAML file with tls, sasl and registry. */
  readonly access?: string;
  /** First event_time, µs since the epoch; where reading of a topic starts. */
  readonly since: 'beginning' | number;
  /** First event_time that is not read any more. */
  readonly until?: number;
  readonly follow: boolean;
}

const LIVE_ONLY = 'works on live accepts only';

const OPTIONS: readonly Option<ReadOptions>[] = [
  HELP_OPTION,
  {
    flags: ['--kafka'],
    metavar: 'BROKERS',
    help: 'read from Kafka: comma-separated list of brokers to start from, host:port',
    key: 'brokers',
    read: readBrokers,
  },
  {
    flags: ['--topic'],
    metavar: 'TOPIC',
    help: 'topic to read, all its partitions',
    key: 'topic',
    read: readTopic,
  },
  {
    flags: ['--registry'],
    metavar: 'URL',
    help: 'schema registry that knows what the records were written with',
    key: 'registry',
    read: readRegistryUrl,
  },
  {
    flags: ['--access'],
    metavar: 'FILE',
    help: 'YAML file with the keys tls, sasl and registry of a kafka sink',
    key: 'access',
    read: asGiven,
  },
  {
    flags: ['--since', '--from'],
    metavar: 'TIME',
    help: "only accepts of that time or later: 'beginning' (default), seconds since the epoch, or ISO 8601",
    key: 'since',
    read: readStart,
  },
  { flags: ['--until'], metavar: 'TIME', help: 'only accepts before that time', key: 'until', read: readTime },
  {
    flags: ['--follow'],
    help: 'go on with new records in place of ending where the topic or the last file ends',
    key: 'follow',
    read: on,
  },
  ...ROW_OPTIONS,
  NETNS_OPTION,
  LOG_OPTION,
  { flags: ['--cgroupmap'], metavar: 'PATH', help: '', refused: LIVE_ONLY },
  { flags: ['--mntnsmap'], metavar: 'PATH', help: '', refused: LIVE_ONLY },
  { flags: ['--ring-bytes'], metavar: 'BYTES', help: '', refused: LIVE_ONLY },
  { flags: ['--write'], metavar: 'FILE.avro', help: '', refused: LIVE_ONLY },
  { flags: ['--hook'], metavar: 'NAME', help: '', yields: true, refused: LIVE_ONLY },
];

/** Options that say how Kafka is read. */
const OF_KAFKA = { brokers: '--kafka', topic: '--topic', registry: '--registry', access: '--access' } as const;

// argparse can't say this: it has no groups of which one excludes the other.
function check(options: ReadOptions): void {
  const keys = Object.keys(OF_KAFKA) as (keyof typeof OF_KAFKA)[];
  const given = keys.find((key) => options[key] !== undefined);
  if (options.files.length > 0) {
    if (given) throw argumentError({ flags: [OF_KAFKA[given]] }, 'not allowed with argument FILE');
    return;
  }
  const missing = (['brokers', 'topic'] as const)
    .filter((key) => options[key] === undefined)
    .map((key) => OF_KAFKA[key]);
  if (!given) throw usageError(`one of the arguments FILE ${OF_KAFKA.brokers} is required`);
  if (missing.length > 0) throw usageError(`the following arguments are required: ${missing.join(', ')}`);
}

const EPILOG = `Files are recordings: Avro object container files of this program, or of others
with a schema that Avro resolves to ours. Of a folder, all *.avro and *.avro.part
are read, in the order of their names. A file that is broken is named, with the
byte where it broke; what stands before it is printed, the other files are read,
and the exit status is 1. A recording (.part) that ends within a block is still
written, or its recorder was killed: that is a warning. Followed, one .part ends
when it was finished (renamed) and read to its end; several recorders may share a
folder.

Rows of one partition of a topic come in its order; partitions are read side by
side, in pieces. Values that are no accepts are left out, counted and named on
stderr. Passwords and tokens stand in the file of --access as \${NAME} of the
environment, or in files of their own (password_file, token_file).

Times are those of the accepts. Without a zone they are local.

examples:
    acceptstream read accepts.avro
    acceptstream read /var/log/accepts --follow    # a folder, and what comes
    acceptstream read a.avro --since 2026-11-22T16:00 --until 2026-11-22T17:00
    ssh db1 cat accepts.avro | acceptstream read - --format json
    acceptstream read a.avro --remote 10.0.0.0/8 --comm sshd  # as for a capture
    acceptstream read --kafka db1:9092 --topic accepts --registry http://db1:8081
    acceptstream read ... --since $(date +%s) --follow       # from now on
    acceptstream read ... --access kafka.yaml > accepts.txt  # TLS and a password

exit status:
    0  read to the end, or ended by Ctrl-C, another signal or a closed pipe
    1  failed, or a file was broken, for the reason on stderr
    2  the command line is wrong
`;

/** The accepts of recordings or of a Kafka topic. */
export const READ: Command<ReadOptions> = {
  program: 'acceptstream read',
  description: 'Print the TCP accepts of recordings or of a Kafka topic',
  options: OPTIONS,
  operands: { metavar: 'FILE', help: "recordings, folders of them, or '-' for stdin", key: 'files' },
  check,
  defaults: { ...ROW_DEFAULTS, ...LOG_DEFAULTS, since: 'beginning', follow: false },
  epilog: EPILOG,
};
