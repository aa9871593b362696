import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHelp, formatUsage, optionRows } from '../../../source-plugin/cli/help.js';
import { type Parsed, parseCommandLine } from '../../../source-plugin/cli/parse.js';

const VERSION = '1.2.3';

/** What argparse-fixture.py obtained from Python's argparse. */
const [head, ...cases] = readFileSync(new URL('argparse.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

/** The program's answer in the fixture's words. */
function answer(argv: string[]): unknown {
  const parsed = parseCommandLine(argv, VERSION);
  if (parsed.kind === 'run') return { options: parsed.options };
  if (parsed.kind === 'print') return { print: parsed.text === formatHelp() ? 'help' : parsed.text };
  return { error: errorOf(parsed) };
}

/** The message behind usage and program name; throws when the text has any other shape. */
function errorOf(parsed: Parsed): string {
  if (parsed.kind !== 'usage') throw new Error(`not an error: ${JSON.stringify(parsed)}`);
  const start = `${formatUsage()}acceptstream: error: `;
  if (!parsed.text.startsWith(start) || !parsed.text.endsWith('\n'))
    throw new Error(`not an error text: ${parsed.text}`);
  return parsed.text.slice(start.length, -1);
}

describe("as Python's argparse", () => {
  test('the fixture is the table of the supported Python', () => {
    expect(head.python).toMatch(/^3\.11\./);
    expect(cases.length).toBeGreaterThan(1000);
  });

  test('usage and help', () => {
    expect(formatUsage()).toBe(head.usage);
    expect(formatHelp()).toBe(head.help);
  });

  test.each(['options', 'print', 'error'])('command lines that end in %s', (kind) => {
    const wanted = cases.filter(([, outcome]) => kind in outcome);
    expect(wanted).not.toHaveLength(0);
    const differing = wanted.filter(([argv, outcome]) => !isDeepStrictEqual(answer(argv), outcome));
    expect(differing).toEqual([]);
  });
});

describe('options', () => {
  const defaults = { format: 'tcpaccept', time: false, timestamp: false, logLevel: 'warn', ringBytes: 8388608 };
  test.each<[string[], object]>([
    [[], {}],
    [['-tT4', '-p181', '-P=80'], { timestamp: true, time: true, family: 4, pid: 181, ports: [80] }],
    [['-P', ' 80 ,81,80'], { ports: [80, 81] }],
    [['-P80', '-P', ''], {}],
    [['-p', '9'.repeat(400)], { pid: Number.MAX_SAFE_INTEGER }],
    [['-p0'], { pid: 0 }],
    [['--cgroup', '/sys/fs/bpf/a', '--mntns=/sys/fs/bpf/b'], { cgroupMap: '/sys/fs/bpf/a', mntnsMap: '/sys/fs/bpf/b' }],
    [['--cgroupmap', '', '--mntnsmap='], {}],
    [['--cgroupmap=--'], { cgroupMap: '--' }],
    [['--log-level', 'debug'], { logLevel: 'debug' }],
    [['--lo=error', '--log-level', ''], {}],
    [['--ring-bytes=1073741824'], { ringBytes: 1073741824 }],
    [[`-${'t'.repeat(200_000)}`], { timestamp: true }],
  ])('%j', (argv, options) => {
    expect(parseCommandLine(argv, VERSION)).toStrictEqual({ kind: 'run', options: { ...defaults, ...options } });
  });

  test('-h and --version print', () => {
    expect(parseCommandLine(['-h'], VERSION)).toEqual({ kind: 'print', text: formatHelp() });
    expect(parseCommandLine(['--version'], VERSION)).toEqual({ kind: 'print', text: 'acceptstream 1.2.3\n' });
  });
});

describe('errors', () => {
  const PORTS = 'whole numbers from 0 to 65535, or two of them for a range, the lower one first, as 8000-8099';
  test.each<[string[], string]>([
    [['-P', '65536'], `argument -P/--port: invalid port '65536': ports are ${PORTS}`],
    [['-P--'], `argument -P/--port: invalid port '--': ports are ${PORTS}`],
    [['-P', '80,'], `argument -P/--port: invalid port '' in '80,': ports are ${PORTS}`],
    [['-p', '0x10'], "argument -p/--pid: invalid PID '0x10': a PID is 0 or more, in decimal"],
    [['-4', '-6'], 'argument -6/--ipv6: not allowed with argument -4/--ipv4'],
    [['-6', '-4'], 'argument -4/--ipv4: not allowed with argument -6/--ipv6'],
    [
      ['--ring-bytes', '5000'],
      "argument --ring-bytes: invalid size '5000': sizes are powers of two from 4096 to 1073741824, nearest 4096 and 8192",
    ],
    [
      ['--ring-bytes', '1'],
      "argument --ring-bytes: invalid size '1': sizes are powers of two from 4096 to 1073741824, nearest 4096",
    ],
    [
      ['--ring-bytes', '8m'],
      "argument --ring-bytes: invalid size '8m': sizes are powers of two from 4096 to 1073741824",
    ],
    [['--log-level', 'all'], "argument --log-level: invalid level 'all': levels are error, warn, info, debug"],
    [['\x1b[2J\n', 'a\u2028b', '-x\x00'], 'unrecognized arguments: \\x1b[2J\\n a\\u2028b -x\\x00'],
    [['--p=\x9b'], 'ambiguous option: --p=\\x9b could match --pid, --port'],
    [['-p', '\ud800'], "argument -p/--pid: invalid PID '\\ud800': a PID is 0 or more, in decimal"],
  ])('%j', (argv, message) => {
    expect(errorOf(parseCommandLine(argv, VERSION))).toBe(message);
  });

  const flags = optionRows().flatMap(([names]) => names.split(', '));
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.stringMatching(/^[-=0-9, tTpP46]*$/));
  const argument = fc.oneof(
    text,
    fc.constantFrom(...flags),
    fc.tuple(fc.constantFrom(...flags), fc.constantFrom('', '='), text).map((parts) => parts.join('')),
  );

  test('any argv has an answer, and none of its control characters comes back', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 6 }), (argv) => {
        const parsed = parseCommandLine(argv, VERSION);
        if (parsed.kind === 'usage') expect(errorOf(parsed)).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);
      }),
      { numRuns: 2000 },
    );
  });
});
