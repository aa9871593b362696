import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatHelp } from '../../source-plugin/cli/help.js';
import { FluentBitHost } from '../filter-core/fluent-bit-host.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { runWorkload, type Scenario } from '../workload/workload.js';
import { KAFKA_COMMANDS } from './kafka-commands.js';
import { commands, ROOT, sampleBehind } from './markdown.js';
import { RECORDING_COMMANDS } from './recording-commands.js';
import { shellOf, waitFor } from './shell.js';

const ROW = /^\d+ +\S.{11} [46] {2}[0-9a-f.:]+ +\d+ +[0-9a-f.:]+ +\d+ *$/;
const TIMES = { '': /^/, '-t': /^-?\d+\.\d{3} +/, '-tT': /^\d\d:\d\d:\d\d -?\d+\.\d{3} +/ };

/** Commands that these tests don't run, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'npm test': 'it runs this test',
  'npm run bench': 'it takes minutes',
  'npm run fuzz -- --seed 7 --count 20000 datums writers': 'test/fuzz does it, with another seed',
  'npm run flink': 'test/peers/flink.test.ts does it',
  'npm run test:kernels': 'it takes minutes',
  'npm run test:peers': 'it takes minutes',
  "node test/kernels/boot.mjs 5.10 -- sh -c 'uname -r; acceptstream --version'": 'it fetches a kernel and an emulator',
  'acceptstream read /var/log/accepts --follow': 'test/source-plugin/container/follow.test.ts does it',
  'npm run build': 'it was run before the tests',
  'npm pack': 'test/live/installed.test.ts does it',
  'npm install --global ./acceptstream-0.1.0.tgz': 'test/live/installed.test.ts does it, without --global',
  'npx vitest run --configLoader runner test/filter-core': 'its tests run beside this one',
  'npm run format': 'it would change the sources; npm test checks that it would not',
};

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface LiveCommand {
  readonly times: keyof typeof TIMES;
  /** An accept of which it prints a row. */
  readonly scenario: Scenario;
  /** Where its output goes, when it is no pipe. */
  readonly file?: string;
  readonly status: number | null;
}

const LIVE: Readonly<Record<string, LiveCommand>> = {
  'npm start': { times: '', scenario: { comm: Buffer.from('docs') }, status: 0 },
  'npm start -- -t -P 80,443': {
    times: '-t',
    scenario: { comm: Buffer.from('docs'), unshare: 'net', port: 443 },
    status: 0,
  },
  'npx acceptstream -tT > /tmp/accepts.txt': {
    times: '-tT',
    scenario: { comm: Buffer.from('docs') },
    file: join(folder, 'accepts.txt'),
    // npx starts a shell, which dies of the signal, and npx then ends itself by it.
    status: null,
  },
};

const PIPED = 'npx acceptstream | grep --line-buffered sshd';
const DOCTOR = 'npm start -- doctor';
const JSON_LINES = 'npx acceptstream --format ecs';
const HELP = 'npx acceptstream --help';
const WASM =
  'npx acceptstream wasm --output accepts.wasm --exclude-remote 10.0.0.0/8 --no-loopback --rate-limit 10/remote_address';
const MANUAL = 'man ./source-plugin/man/acceptstream.8';

describeUnless(liveReason(), 'live', () => {
  test.for(Object.entries(LIVE))('%s', { timeout: 90_000 }, async ([command, { times, scenario, file, status }]) => {
    const shell = shellOf(command.replace('/tmp/accepts.txt', file ?? ''));
    const output = () => (file === undefined ? shell.stdout : existsSync(file) ? readFileSync(file, 'utf8') : '');
    await waitFor(shell, 'the header', output, `${HEADER}\n`);
    const [accept] = (await runWorkload(scenario)).accepts;
    // It is in the ring at the latest: what is there when the signal comes is printed.
    const ended = await shell.interrupt();
    const rows = output().split('\n').slice(1, -1);
    const own = rows.filter((row) => row.includes(`${accept?.pid} `) && row.includes(`${accept?.client_port} `));
    expect({ status: ended, own: own.length }, shell.stderr).toEqual({ status, own: 1 });
    for (const row of own) expectRow(row, times);
  });

  test(PIPED, { timeout: 90_000 }, async () => {
    const shell = shellOf(PIPED);
    for (let tries = 0; !shell.stdout && tries < 500 && !shell.ended; tries++) {
      await runWorkload({ comm: Buffer.from('other') });
      await runWorkload({ comm: Buffer.from('sshd') });
    }
    await shell.interrupt();
    const rows = shell.stdout.trimEnd().split('\n');
    expect(rows.filter((row) => !row.includes(' sshd '))).toEqual([]);
    for (const row of rows) expectRow(row, '');
  });

  test(JSON_LINES, { timeout: 90_000 }, async () => {
    const shell = shellOf(JSON_LINES);
    const ports: (number | undefined)[] = [];
    for (let tries = 0; !shell.stdout && tries < 500 && !shell.ended; tries++) {
      ports.push((await runWorkload({ comm: Buffer.from('docs') })).accepts[0]?.client_port);
    }
    await shell.interrupt();
    const lines = shell.stdout.trimEnd().split('\n');
    const own = lines.map((line) => JSON.parse(line)).filter(({ process }) => process.name === 'docs');
    expect(own.length, shell.stderr).toBeGreaterThan(0);
    expect(own.filter(({ source }) => !ports.includes(source.port))).toEqual([]);
  });
});

test(DOCTOR, { timeout: 60_000 }, () => {
  const { stdout, stderr } = spawnSync('bash', ['-c', DOCTOR], { cwd: ROOT, encoding: 'utf8' });
  const names = (text: string) =>
    text.split('\n').flatMap((line) => /^(?:ok|warn|fail) +(.{26}) {2}/.exec(line)?.[1] ?? []);
  expect(names(stdout).length, stderr).toBeGreaterThan(10);
  expect(names(sampleBehind(DOCTOR))).toEqual(names(stdout));
});

test(HELP, { timeout: 60_000 }, () => {
  const { status, stdout } = spawnSync('bash', ['-c', HELP], { cwd: ROOT, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: formatHelp() });
});

test(WASM, { timeout: 60_000 }, () => {
  const module = join(folder, 'accepts.wasm');
  const argv = ['-c', WASM.replace('accepts.wasm', module)];
  const { status, stdout, stderr } = spawnSync('bash', argv, { cwd: ROOT, encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  const host = new FluentBitHost(readFileSync(module));
  const keeps = (peer: string) =>
    host.filter(`{"remote_address":"${peer}","remote_port":1,"local_address":"192.0.2.1","local_port":22}`).text !== '';
  expect(['10.0.0.1', '127.0.0.1', '192.0.2.1', '192.0.2.2'].map(keeps)).toEqual([false, false, false, true]);
  const others = Array.from({ length: 20 }, () => keeps('192.0.2.2'));
  expect(others.filter(Boolean)).toHaveLength(9);
});

test(MANUAL, ({ skip }) => {
  const env = { ...process.env, MANPAGER: 'cat' };
  const { status, stdout } = spawnSync('bash', ['-c', MANUAL], { cwd: ROOT, encoding: 'utf8', env });
  if (status === 127) skip('man is not installed');
  expect(status).toBe(0);
  expect(stdout).toContain('ACCEPTSTREAM(8)');
});

describe('the pages', () => {
  test('have no command that is not tested here', () => {
    const known = [...Object.keys(LIVE), ...Object.keys(ELSEWHERE), PIPED, DOCTOR, JSON_LINES, HELP, WASM, MANUAL];
    known.push(...Object.values(KAFKA_COMMANDS), ...Object.values(RECORDING_COMMANDS));
    expect(commands().sort()).toEqual(known.sort());
  });

  test.for([
    ['npm start', ''],
    ['npm start -- -t -P 80,443', '-t'],
  ] as const)('show output of %s as it looks', ([command, times]) => {
    const [header, ...rows] = sampleBehind(command).trimEnd().split('\n');
    expect(header).toBe(`${times ? 'TIME(s)  ' : ''}${HEADER}`);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expectRow(row, times);
  });

  test('show output of npm test as it looks', () => {
    expect(sampleBehind('npm test')).toMatch(
      /^ Test Files {2}\d+ passed.* \(\d+\)\n +Tests {2}\d+ passed.* \(\d+\)\n$/,
    );
  });
});

function expectRow(row: string, times: keyof typeof TIMES): void {
  expect(row).toMatch(TIMES[times]);
  expect(row.replace(TIMES[times], '')).toMatch(ROW);
}
