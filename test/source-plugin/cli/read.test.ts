import { describe, expect, test } from 'vitest';
import schema from '../../../schemas/config.schema.json' with { type: 'json' };
import { formatHelp, formatUsage, optionRows } from '../../../source-plugin/cli/help.js';
import { parseArguments } from '../../../source-plugin/cli/parse.js';
import { READ } from '../../../source-plugin/cli/read-options.js';
import { BROKER } from '../../../source-plugin/cli/read-values.js';

const KAFKA = ['--kafka', 'db1:9092', '--topic', 'accepts'];
const DEFAULTS = {
  files: [],
  brokers: ['db1:9092'],
  topic: 'accepts',
  time: false,
  timestamp: false,
  logLevel: 'warn',
  since: 'beginning',
  follow: false,
  format: 'tcpaccept',
};
const local = (text: string) => new Date(text).getTime();

test('brokers are what a configuration takes for them', () => {
  const { pattern } = schema.definitions.kafka.properties.brokers.items;
  expect(BROKER.source).toBe(new RegExp(pattern).source);
});

describe('options', () => {
  test.each<[string[], object]>([
    [[], {}],
    [['-tT4', '-p181', '-P=80,22'], { time: true, timestamp: true, family: 4, pid: 181, ports: [80, 22] }],
    [['--kafka', 'a:1, b:2,[::1]:3'], { brokers: ['a:1', 'b:2', '[::1]:3'] }],
    [['--topic=A.b_c-1'], { topic: 'A.b_c-1' }],
    [['--registry', 'https://db1:8081/base'], { registry: 'https://db1:8081/base' }],
    [['--reg', 'http://x', '--acc=a.yaml', '--fol'], { registry: 'http://x', access: 'a.yaml', follow: true }],
    [['--from', 'beginning'], {}],
    [['--since', '0'], { since: 0 }],
    [['--from', '1790000000.1234567'], { since: 1_790_000_000_123_456 }],
    [['--since', '2026-11-22T16:00:00Z'], { since: Date.UTC(2026, 10, 22, 16) * 1000 }],
    [['--since', '2026-11-22 16:00:01.5+01:30'], { since: Date.UTC(2026, 10, 22, 14, 30, 1, 500) * 1000 }],
    [['--since', '2026-11-22T16:00:01.000007Z'], { since: Date.UTC(2026, 10, 22, 16, 0, 1) * 1000 + 7 }],
    [['--until', '2026-11-22T16:00'], { until: local('2026-11-22T16:00:00') * 1000 }],
    [['--until', '2026-11-22'], { until: local('2026-11-22T00:00:00') * 1000 }],
    [['--until', '17.5'], { until: 17_500_000 }],
    [['--format', 'json'], { format: 'json' }],
    [['--log-level', 'info'], { logLevel: 'info' }],
  ])('%j', (more, options) => {
    expect(parseArguments(READ, [...KAFKA, ...more])).toStrictEqual({
      kind: 'run',
      options: { ...DEFAULTS, ...options },
    });
  });
});

describe('files', () => {
  const { brokers: _brokers, topic: _topic, ...defaults } = DEFAULTS;
  test.each<[string[], string[], object]>([
    [['a.avro'], ['a.avro'], {}],
    [['a', '-P', '80', 'b', '-t', '-'], ['a', 'b', '-'], { ports: [80], timestamp: true }],
    [['--follow', '--', '-x', '--', '--kafka'], ['-x', '--', '--kafka'], { follow: true }],
    [['a b', '-a b'], ['a b', '-a b'], {}],
    [['x', '--topic', ''], ['x'], {}],
  ])('%j', (argv, files, options) => {
    expect(parseArguments(READ, argv)).toStrictEqual({ kind: 'run', options: { ...defaults, files, ...options } });
  });
});

describe('errors', () => {
  const required = 'the following arguments are required: ';
  test.each<[string[], string]>([
    [[], 'one of the arguments FILE --kafka is required'],
    [['--registry', 'http://x'], `${required}--kafka, --topic`],
    [['--topic', 'a'], `${required}--kafka`],
    [['a.avro', ...KAFKA], 'argument --kafka: not allowed with argument FILE'],
    [['a.avro', '--topic', 'x'], 'argument --topic: not allowed with argument FILE'],
    [['a.avro', '--registry', 'http://x'], 'argument --registry: not allowed with argument FILE'],
    [['--access', 'x', 'a.avro'], 'argument --access: not allowed with argument FILE'],
    [['a.avro', '--write', 'b.avro'], 'argument --write: works on live accepts only'],
    [['a.avro', '-x'], 'unrecognized arguments: -x'],
    [KAFKA.slice(0, 2), `${required}--topic`],
    [[...KAFKA, '--topic', ''], `${required}--topic`],
    [[...KAFKA, '--cgroupmap', 'x'], 'argument --cgroupmap: works on live accepts only'],
    [[...KAFKA, '--mntns=x'], 'argument --mntnsmap: works on live accepts only'],
    [[...KAFKA, '--ring-bytes', '4096'], 'argument --ring-bytes: works on live accepts only'],
    [[...KAFKA, '--hook', 'tp_btf:sys_exit'], 'argument --hook: works on live accepts only'],
    [[...KAFKA, '--write', 'a.avro'], 'argument --write: works on live accepts only'],
    [[...KAFKA, '--fo'], 'ambiguous option: --fo could match --follow, --format'],
    [['--kafka', 'db1'], "argument --kafka: invalid broker 'db1': brokers are host:port, separated by commas"],
    [['--kafka', 'a:65536'], "argument --kafka: invalid broker 'a:65536': brokers are host:port, separated by commas"],
    [['--kafka', 'a:1,'], "argument --kafka: invalid broker '': brokers are host:port, separated by commas"],
    [
      ['--kafka', '::1:9092'],
      "argument --kafka: invalid broker '::1:9092': brokers are host:port, separated by commas",
    ],
    [
      ['--topic', 'a b'],
      "argument --topic: invalid topic 'a b': topics are letters, digits, '.', '_' and '-', at most 249",
    ],
    [['--registry', 'db1:8081'], 'argument --registry: invalid address: a registry has an http: or https: address'],
    [
      ['--registry', 'http://me:secret@db1'],
      'argument --registry: the address holds a user name or password: put them into the file of --access',
    ],
    [
      ['--format', 'xml'],
      "argument --format: invalid format 'xml': formats are tcpaccept, wide, json, ecs, ocsf, otel",
    ],
    [[...KAFKA, '--version'], 'unrecognized arguments: --version'],
  ])('%j', (argv, message) => {
    const text = `${formatUsage(READ)}acceptstream read: error: ${message}\n`;
    expect(parseArguments(READ, argv)).toEqual({ kind: 'usage', text });
  });

  test.each([
    'now',
    '-1',
    '1e9',
    '2026-13-01',
    '2026-11-22T25:00',
    '2026-11-22T16:00 tomorrow',
    '2026-11-22junk',
    ' 5',
    '9'.repeat(30),
    'Nov 22 2026',
  ])('--from=%s and --until', (text) => {
    for (const [given, named] of [
      ['--from', '--since/--from'],
      ['--until', '--until'],
    ]) {
      const parsed = parseArguments(READ, [...KAFKA, `${given}=${text}`]);
      const message = `argument ${named}: invalid time`;
      expect(parsed).toMatchObject({ kind: 'usage', text: expect.stringContaining(message) });
    }
  });
});

describe('help', () => {
  test('is printed with -h, whatever is missing', () => {
    expect(parseArguments(READ, ['-h'])).toEqual({ kind: 'print', text: formatHelp(READ) });
  });

  test('names what it takes, and every option but the refused ones', () => {
    const names = optionRows(READ).map(([flags]) => flags);
    expect(names).toEqual(expect.arrayContaining(['FILE', '--kafka', '--topic', '--since, --from', '-P, --port']));
    expect(names.join()).not.toMatch(/cgroupmap|mntnsmap|ring-bytes|hook|write/);
    expect(formatUsage(READ).replace(/\s+/g, ' ')).toMatch(
      / \[-h\] \[--kafka BROKERS\] \[--topic TOPIC\] .* \[FILE \.\.\.\] $/,
    );
    expect(
      formatHelp(READ)
        .split('\n')
        .filter((line) => line.length > 82),
    ).toEqual([]);
  });
});
