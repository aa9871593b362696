import { type Core, type CoreOptions, type KafkaBlocks, loadCore, type Portion } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { drain, encode, zoneAt } from '../filter-core/support.js';
import { ecs, ocsf, otel } from '../reference/formats.js';
import { entry } from '../reference/forward.js';
import { line } from '../reference/json.js';
import { blocksOf, referenceOf } from '../reference/kafka-block.js';
import { rows } from '../reference/tcpaccept.js';
import { wideRows } from '../reference/wide.js';
import { acceptOf } from '../source-plugin/memory-source.js';

/** One way to run the core, and what plain TypeScript makes of the same records. */
export interface Shape {
  readonly name: string;
  readonly options: CoreOptions;
  readonly core: Core;
  /** What it makes of records and their datums, as values that can be compared with those of `read`. */
  readonly expected: (records: readonly Accept[], datums: readonly Uint8Array[]) => unknown;
  /** A portion as such a value. */
  readonly read: (portion: Portion) => unknown;
}

type Reference = Pick<Shape, 'expected' | 'read'>;

const latin = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const latinOf = (text: string) => Buffer.from(text).toString('latin1');

/** The first record of a core that counts TIME(s) from it. */
const FIRST = acceptOf();
const offsetAt = (instant: number) => zoneAt(instant).offsetSeconds;

function table(write: typeof rows, { time = false, timestamp = false }: CoreOptions): Reference {
  const columns = { timestamp, ...(time && { offsetAt }) };
  const first = write([FIRST], columns);
  return {
    expected: (records) => latinOf(write([FIRST, ...records], columns).slice(first.length)),
    read: ({ bytes }) => latin(bytes),
  };
}

function objects(write: (record: Accept) => unknown): Reference {
  return {
    expected: (records) => records.map(write),
    read: ({ bytes }) =>
      Buffer.from(bytes)
        .toString()
        .split('\n')
        .slice(0, -1)
        .map((text) => JSON.parse(text)),
  };
}

function exact(write: (record: Accept, datum: Uint8Array) => Uint8Array): Reference {
  return {
    expected: (records, datums) =>
      latin(Buffer.concat(records.map((record, index) => write(record, datums[index] ?? Buffer.of())))),
    read: ({ bytes }) => latin(bytes),
  };
}

function blocks(kafka: KafkaBlocks): Reference {
  const text = (list: Portion['blocks'] = []) =>
    list
      .toSorted((one, other) => one.partition - other.partition)
      .map(({ partition, bytes, records }) => [partition, latin(bytes), records]);
  return {
    expected: (records, datums) => {
      const references = records.map((record, index) => referenceOf(record, kafka, datums[index]));
      return text(blocksOf(references, kafka.partitions));
    },
    read: ({ blocks: list }) => text(list),
  };
}

function referenceFor(options: CoreOptions): Reference {
  const { format, kafka } = options;
  if (kafka !== undefined) return blocks(kafka);
  if (format === 'tcpaccept') return table(rows, options);
  if (format === 'wide') return table(wideRows, options);
  if (format === 'ecs') return objects(ecs);
  if (format === 'ocsf') return objects(ocsf);
  if (format === 'otel') return objects(otel);
  if (format === 'forward') return exact(entry);
  return exact((record, datum) => (format === 'avro' ? datum : Buffer.from(line(record))));
}

const TIMES = { time: true, timestamp: true, zoneAt } as const;
const FILTER = { pid: 907, ports: [0, 22, 80], family: 4 } as const;
const NETS = {
  remoteNets: ['0.0.0.0/1', '::/0', '::ffff:192.0.2.0/120'],
  excludeRemoteNets: ['10.0.0.0/8', 'fe80::/10'],
  excludeLocalNets: ['127.0.0.0/8', '::1', '2001:db8::/32'],
} as const;
const LISTS = {
  remotePorts: [0, [1, 40_000]],
  uids: [0, 4_294_967_294],
  netns: [4_026_531_833, 0],
  comms: ['café', 'nginx', 'x'],
  loopback: false,
  since: 0,
} as const;

/** Every format with and without what it may have. */
const OPTIONS: readonly CoreOptions[] = [
  { format: 'tcpaccept' },
  { format: 'tcpaccept', ...TIMES },
  { format: 'wide' },
  { format: 'wide', ...TIMES },
  { format: 'json' },
  { format: 'json', filter: { ports: FILTER.ports } },
  { format: 'json', filter: NETS },
  { format: 'avro', filter: LISTS },
  { format: 'avro', filter: { cgroups: ['/system.slice', '/a'], containers: ['01234567', 'f'.repeat(64)] } },
  { format: 'ecs' },
  { format: 'ocsf' },
  { format: 'otel' },
  { format: 'forward' },
  { format: 'avro' },
  { format: 'avro', filter: FILTER },
  { format: 'kafka', kafka: { partitions: 1, key: 'none', encoding: 'json' } },
  { format: 'kafka', kafka: { partitions: 3, key: 'host', encoding: 'avro' } },
  { format: 'kafka', kafka: { partitions: 10_000, key: 'remote_address', encoding: 'avro', schemaId: 2 ** 31 - 1 } },
  { format: 'kafka', kafka: { partitions: 7, key: 'local_port', encoding: 'json' }, filter: { family: 6 } },
  { format: 'kafka', kafka: { partitions: 50, key: 'process', encoding: 'avro', schemaId: 0 } },
];

export function loadShapes(): Promise<Shape[]> {
  return Promise.all(
    OPTIONS.map(async (options) => {
      const core = await loadCore(options);
      if (options.timestamp) drain(core, encode([FIRST]));
      return { name: JSON.stringify(options), options, core, ...referenceFor(options) };
    }),
  );
}
