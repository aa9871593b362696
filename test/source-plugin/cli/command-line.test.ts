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
    [['-P', '8000-8099,22,22-22,8000 - 8099'], { ports: [[8000, 8099], 22, [22, 22]] }],
    [['--remote-port=0-65535'], { remotePorts: [[0, 65535]] }],
    [['--remote', '10.0.0.0/8, ::1,10.0.0.0/8'], { remoteNets: ['10.0.0.0/8', '::1'] }],
    [['--exclude-remote=::ffff:10.0.0.0/104'], { excludeRemoteNets: ['::ffff:10.0.0.0/104'] }],
    [['--local', '192.0.2.10', '--exclude-l', '::/0'], { localNets: ['192.0.2.10'], excludeLocalNets: ['::/0'] }],
    [['--uid=0,4294967295, 0'], { uids: [0, 4294967295] }],
    [['--comm', 'nginx: worker,sshd,é€😀ñ'], { comms: ['nginx: worker', 'sshd', 'é€😀ñ'] }],
    [['--netns', '4026531840,/run/netns/a b,4026531840'], { netnsPlaces: [4026531840, '/run/netns/a b'] }],
    [['--cgroup-path', '/,/a/,/a,/sys/fs/cgroup/b'], { cgroups: ['/', '/a', '/sys/fs/cgroup/b'] }],
    [['--cont=0123456789ab'], { containers: ['0123456789ab'] }],
    [['--no-loopback'], { loopback: false }],
    [['--rate-limit', '010/local_port'], { rateLimit: { records: 10, key: 'local_port' } }],
    [['--rate-limit', '1/pid', '--rate-limit', '', '--uid', '1', '--uid='], {}],
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
  const PORTS = 'whole numbers from 0 to 65535, or two of them for a range (8000-8099), the lower one first';
  const NETS = 'networks are addresses, or the bits they begin with, as 192.0.2.0/24 or 2001:db8::/32';
  test.each<[string[], string]>([
    [['-P', '65536'], `argument -P/--port: invalid port '65536': ports are ${PORTS}`],
    [['-P--'], `argument -P/--port: invalid port '--': ports are ${PORTS}`],
    [['-P', '80,'], `argument -P/--port: invalid port '' in '80,': ports are ${PORTS}`],
    [['-p', '0x10'], "argument -p/--pid: invalid PID '0x10': a PID is 0 or more, in decimal"],
    [['-P', '8099-8000'], `argument -P/--port: invalid port '8099-8000': ports are ${PORTS}`],
    [['-P', '1-2-3,80'], `argument -P/--port: invalid port '1-2-3' in '1-2-3,80': ports are ${PORTS}`],
    [['--remote-port', '0-65536'], `argument --remote-port: invalid port '0-65536': ports are ${PORTS}`],
    [['--remote', '10.0.0.0/8,,::1'], `argument --remote: invalid network '' in '10.0.0.0/8,,::1': ${NETS}`],
    [['--local', '10.0.0.0/33'], `argument --local: invalid network '10.0.0.0/33': ${NETS}`],
    [['--exclude-local=\x1b[2J'], `argument --exclude-local: invalid network '\\x1b[2J': ${NETS}`],
    [
      ['--comm', 'sixteen-bytes-16'],
      "argument --comm: invalid name 'sixteen-bytes-16': names are those of threads, 1 to 15 bytes of UTF-8",
    ],
    [
      ['--netns', 'blue'],
      "argument --netns: invalid network namespace 'blue': network namespaces are inode numbers, or paths as /run/netns/blue",
    ],
    [['--no-loopback=1'], "argument --no-loopback: ignored explicit argument '1'"],
    [
      ['--rate-limit', '10'],
      "argument --rate-limit: invalid rate limit '10': give accepts a second and what has them, as 10/remote_address; " +
        'keys are remote_address, local_port, comm, pid',
    ],
    [
      ['--rate-limit', '0/pid'],
      "argument --rate-limit: invalid rate limit '0/pid': records must be a whole number from 1 to 1000000000, not 0",
    ],
    [
      ['--rate-limit', '5/uid'],
      'argument --rate-limit: invalid rate limit \'5/uid\': key must be one of remote_address, local_port, comm, pid, not "uid"',
    ],
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

  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  test.each<[string, string, number, (index: number) => string]>([
    ['--remote', 'networks', 1024, (index) => `10.0.${index >> 8}.${index & 255}`],
    ['--exclude-remote', 'networks', 1024, (index) => `2001:db8::${index.toString(16)}`],
    ['--local', 'networks', 1024, (index) => `10.0.${index >> 8}.${index & 255}`],
    ['--exclude-local', 'networks', 1024, (index) => `10.0.${index >> 8}.${index & 255}`],
    ['--uid', 'user ids', 256, String],
    ['--comm', 'names', 256, (index) => `name ${index}`],
    ['--netns', 'network namespaces', 256, (index) => `/run/netns/${index}`],
    ['--cgroup-path', 'cgroups', 64, (index) => `/${index}`],
    ['--container', 'containers', 64, (index) => `${index}`.padStart(12, '0')],
  ])('%s takes as many %s as there is room for, each counted once', (flag, many, most, entryOf) => {
    const full = numbers(most).map(entryOf);
    expect(parseCommandLine([flag, [...full, ...full].join()], VERSION).kind).toBe('run');
    expect(errorOf(parseCommandLine([flag, [...full, entryOf(most)].join()], VERSION))).toBe(
      `argument ${flag}: ${most + 1} ${many}: there can be ${most} at most`,
    );
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
