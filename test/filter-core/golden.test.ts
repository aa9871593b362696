import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CoreOptions, type KafkaBlocks, loadCore, TEXT_FORMATS } from '../../filter-core/index.js';
import accepts from '../fixtures/tcpaccept/accepts.json' with { type: 'json' };
import { acceptOf } from '../source-plugin/memory-source.js';
import { commText } from '../support/expected.js';
import { drain, encode } from './support.js';

/** 32 bytes a line. */
const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/.{1,64}/g, '$&\n');

type Event = (typeof accepts)[number];

const recordOf = ({ comm_hex, ...event }: Event) =>
  acceptOf({ ...event, ip_version: event.ip_version, comm: commText(Buffer.from(comm_hex, 'hex')) });

/** Bytes that tcpaccept printed, a character each. */
const printed = (name: string) =>
  readFileSync(new URL(`../fixtures/tcpaccept/${name}.txt`, import.meta.url)).toString('latin1');

/** Cells of COMM that differ on purpose: the process by its pid, what tcpaccept prints, what we print. */
const SANITISED: readonly (readonly [number, string, string])[] = [
  [264, 'abcdefghijk\xc3', 'abcdefghijk?'],
  [265, 'bad\xff\xfeutf    ', 'bad??utf    '],
  [266, 'e\x1b[31mred   ', 'e?[31mred   '],
  [267, 'tab\tx       ', 'tab?x       '],
  [268, 'nl\nx        ', 'nl?x        '],
  [269, 'cr\rx\x07\x7f      ', 'cr?x??      '],
];

const sanitised = (text: string) =>
  SANITISED.reduce((all, [pid, theirs, ours]) => all.replace(`${pid}     ${theirs} `, `${pid}     ${ours} `), text);

async function ours(options: Omit<CoreOptions, 'format'>, events: readonly Event[]): Promise<string> {
  const core = await loadCore({ format: 'tcpaccept', ...options });
  return Buffer.from(core.header).toString('latin1') + drain(core, encode(events.map(recordOf))).text;
}

describe('the same accepts give the bytes that tcpaccept printed', () => {
  test.each<[string, Omit<CoreOptions, 'format'>]>([
    ['plain', {}],
    ['timestamp', { timestamp: true }],
    ['ipv4', { filter: { family: 4 } }],
    ['ports', { filter: { ports: [8080, 8081] } }],
  ])('%s', async (name, options) => {
    expect(await ours(options, accepts)).toBe(sanitised(printed(name)));
  });

  test('cgroupmap, which the kernel filters by', async () => {
    const inMap = accepts.filter(({ cgroup }) => cgroup === 'ga');
    expect(await ours({}, inMap)).toBe(printed('cgroupmap'));
  });

  test('each difference is there, and the fixtures hold it', () => {
    const text = printed('plain');
    for (const [pid, theirs, instead] of SANITISED) {
      expect(text).toContain(`\n${pid}     ${theirs} 4  `);
      expect(sanitised(text)).toContain(`\n${pid}     ${instead} 4  `);
    }
    expect(text.split('\n').length - sanitised(text).split('\n').length).toBe(1);
  });

  test('options that no fixture has, by the rows of plain', async () => {
    const [header = '', ...rows] = sanitised(printed('plain')).trimEnd().split('\n');
    const keeping = (keep: (row: string) => boolean) => [header, ...rows.filter(keep), ''].join('\n');
    const ip = (version: number) => (row: string) => row.slice(21).startsWith(`${version}  `);
    expect(await ours({ filter: { family: 6 } }, accepts)).toBe(keeping((row) => / 6 {2}\S*:/.test(row)));
    expect(await ours({ filter: { pid: 233 } }, accepts)).toBe(keeping((row) => row.startsWith('233 ')));
    expect(await ours({ filter: { ports: [0] } }, accepts)).toBe(keeping((row) => row.endsWith(' 0    ')));
    const both = { family: 4 as const, ports: [80, 65535] };
    expect(await ours({ filter: both }, accepts)).toBe(keeping((row) => / 80 {3}$|65535$/.test(row) && ip(4)(row)));
  });
});

describe('records of every kind, in every format', () => {
  const CONTAINER = '3f9c0a7be1d24c55a8b60d9e7f1c2b3a4d5e6f708192a3b4c5d6e7f8091a2b3c';
  const RECORDS = [
    acceptOf(),
    acceptOf({ ip_version: 6, remote_address: '::ffff:192.0.2.7', local_address: '::ffff:192.0.2.1', mptcp: true }),
    acceptOf({ ip_version: 6, remote_address: '2001:db8::7', local_address: '2001:db8::1', peer_reset: true }),
    acceptOf({ remote_address: '127.0.0.1', local_address: '127.0.0.1', comm: 'a"b\\c\n\u001b', cgroup: '' }),
    acceptOf({ ppid: -1, process_start: -1, netns: -1, backlog: -1, backlog_max: -1, queued_us: -1, host_id: '' }),
    acceptOf({
      cgroup_path: `/system.slice/docker-${CONTAINER}.scope`,
      cgroup: `docker-${CONTAINER}.scope`,
      exe: '/opt/caf\u00e9/s"rv (deleted)',
      container_id: CONTAINER,
    }),
    acceptOf({ cgroup_path: '', exe: '', entity_id: '', user_name: '', community_id: '' }),
    acceptOf({ sequence: 2 ** 52 - 1, cgroup_id: 2 ** 52 - 1, rtt_us: 0, host: '\ufffd日本' }),
  ];

  test.each(['avro', 'forward'] as const)('%s', async (format) => {
    const { text } = drain(await loadCore({ format }), encode(RECORDS));
    await expect(hex(Buffer.from(text, 'latin1'))).toMatchFileSnapshot(`../fixtures/formats/${format}.txt`);
  });

  test.each(['avro', 'json'] as const)('kafka, %s', async (encoding) => {
    const schema = encoding === 'avro' ? { schemaId: 258 } : {};
    const kafka: KafkaBlocks = { partitions: 2, key: 'remote_address', encoding, ...schema };
    const core = await loadCore({ format: 'kafka', kafka });
    const bytes = encode(RECORDS);
    core.input.set(bytes);
    const blocks = [...core.portions(bytes.length)].flatMap((portion) => portion.blocks ?? []);
    const text = blocks.map(({ bytes: block, ...rest }) => `${JSON.stringify(rest)}\n${hex(block)}`).join('');
    await expect(text).toMatchFileSnapshot(`../fixtures/formats/kafka-${encoding}.txt`);
  });

  test.each(TEXT_FORMATS)('%s', async (format) => {
    const core = await loadCore({ format });
    const text = Buffer.from(core.header).toString('latin1') + drain(core, encode(RECORDS)).text;
    await expect(Buffer.from(text, 'latin1').toString()).toMatchFileSnapshot(`../fixtures/formats/${format}.txt`);
  });
});
