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
import { readBrokers, readRegistryUrl, readStart, readTopic } from './read-values.js';

/** What one reading of a topic was asked to do. */
export interface ReadOptions extends RowOptions, LogOptions {
  /** host:port of each. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly registry?: string;
  /** YAML file with tls, sasl and registry. */
  readonly access?: string;
  /** Timestamp of the first record, ms since the epoch. */
  readonly from: 'beginning' | number;
  readonly follow: boolean;
}

const LIVE_ONLY = 'works on live accepts only';

const OPTIONS: readonly Option<ReadOptions>[] = [
  HELP_OPTION,
  {
    flags: ['--kafka'],
    metavar: 'BROKERS',
    help: 'comma-separated list of brokers to start from, host:port',
    required: true,
    key: 'brokers',
    read: readBrokers,
  },
  {
    flags: ['--topic'],
    metavar: 'TOPIC',
    help: 'topic to read, all its partitions',
    required: true,
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
    flags: ['--from'],
    metavar: 'TIME',
    help: "start at the first record of that time: 'beginning' (default), seconds since the epoch, or ISO 8601",
    key: 'from',
    read: readStart,
  },
  {
    flags: ['--follow'],
    help: 'go on with new records in place of ending where the topic ended at the start',
    key: 'follow',
    read: on,
  },
  ...ROW_OPTIONS,
  LOG_OPTION,
  { flags: ['--cgroupmap'], metavar: 'PATH', help: '', refused: LIVE_ONLY },
  { flags: ['--mntnsmap'], metavar: 'PATH', help: '', refused: LIVE_ONLY },
  { flags: ['--ring-bytes'], metavar: 'BYTES', help: '', refused: LIVE_ONLY },
  { flags: ['--write'], metavar: 'FILE.avro', help: '', refused: LIVE_ONLY },
  { flags: ['--hook'], metavar: 'NAME', help: '', yields: true, refused: LIVE_ONLY },
];

const EPILOG = `Rows of one partition come in its order; partitions are read side by side, in
pieces. Times without a zone are local. Values that are no accepts are left out,
counted and named on stderr. Passwords and tokens stand in the file of --access as
\${NAME} of the environment, or in files of their own (password_file, token_file).

examples:
    acceptstream read --kafka db1:9092 --topic accepts --registry http://db1:8081
    acceptstream read ... -P 22 --from 2026-11-22T16:00      # ssh, since then
    acceptstream read ... --from $(date +%s) --follow   # from now on
    acceptstream read ... --access kafka.yaml > accepts.txt  # TLS and a password

exit status:
    0  read to the end, or ended by Ctrl-C, another signal or a closed pipe
    1  failed, for the reason on stderr
    2  the command line is wrong
`;

/** The accepts of a Kafka topic. */
export const READ: Command<ReadOptions> = {
  program: 'acceptstream read',
  description: 'Print the TCP accepts of a Kafka topic',
  options: OPTIONS,
  defaults: { ...ROW_DEFAULTS, ...LOG_DEFAULTS, from: 'beginning', follow: false },
  epilog: EPILOG,
};
