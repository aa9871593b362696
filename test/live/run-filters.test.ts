import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { filterOf } from '../../source-plugin/config/filter.js';
import { loadConfig } from '../../source-plugin/config/load.js';
import type { Accept } from '../../source-plugin/index.js';
import { kept } from '../reference/filter.js';
import { judge } from '../source-plugin/container/judge.js';
import { type Cgroup, cgroup2Mount, makeCgroup } from '../support/cgroup.js';
import { Observer } from '../support/observer.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { type Scenario, Workload } from '../workload/workload.js';

const WELL = { code: 0, signal: null };
const CONTAINER = '0123456789abcdef'.repeat(4);
const SINKS = { screen: { type: 'stdout', format: 'json' } };

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-filters-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(filter: object, sinks: object = SINKS): string {
  const path = join(folder, 'run.yaml');
  writeFileSync(path, `filter: ${JSON.stringify(filter)}\nsinks: ${JSON.stringify(sinks)}\n`);
  chmodSync(path, 0o644);
  return path;
}

async function started(path: string): Promise<Program> {
  const program = new Program(['run', path]);
  onTestFinished(() => program.signal('SIGKILL'));
  await untilSays(program, ' to stdout\n');
  return program;
}

async function untilSays(program: Program, text: string): Promise<void> {
  await until(
    () => program.stderr,
    () => program.stderr.includes(text) || program.hasExited,
  );
  expect(program.stderr).toContain(text);
}

/** What the program printed, and what it wrote into the files of a folder. */
const printed = (program: Program) =>
  program.stdout
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Accept);

async function recorded(path: string): Promise<Accept[]> {
  const files = readdirSync(path).filter((name) => name.endsWith('.avro'));
  return (await Promise.all(files.map((name) => judge(readFileSync(join(path, name)))))).flatMap(
    ({ accepts }) => accepts,
  );
}

const places = (accepts: readonly Accept[]) =>
  accepts.map(({ pid, remote_port, local_port }) => `${pid} ${remote_port} ${local_port}`).sort();

/** What `rate limit: suppressed N accepts of M …` adds up to. */
function suppressed(stderr: string): number {
  const lines = stderr.matchAll(/^acceptstream: rate limit: suppressed (\d+) accepts? of 1 local port$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

const pidOf = (all: readonly Workload[], index: number) => all[index]?.ready.pid ?? -1;
const portOf = (all: readonly Workload[], index: number) => all[index]?.ready.port ?? -1;

describeUnless(liveReason() || (cgroup2Mount() ? '' : 'needs cgroup2'), 'acceptstream run with filters', () => {
  let cgroup: Cgroup;

  beforeAll(() => {
    cgroup = makeCgroup(`docker-${CONTAINER}.scope`);
  });

  afterAll(() => cgroup?.remove());

  const v4: Scenario = { listen: '127.0.0.1' };
  const scenarios = (): Scenario[] => [
    { ...v4, count: 6, comm: Buffer.from('run filter') },
    { listen: '::1' },
    { listen: '::', connect: '127.0.0.1' },
    { ...v4, ruid: 65534, euid: 0 },
    { ...v4, unshare: 'net' },
    { ...v4, cgroup: cgroup.directory },
  ];

  /** A filter, and how many accepts of each process it keeps. */
  type Case = readonly [string, (all: readonly Workload[]) => object, readonly number[]];
  const CASES: readonly Case[] = [
    [
      'ports and networks',
      (all) => ({ ports: [portOf(all, 1), `${portOf(all, 0)}-${portOf(all, 0)}`], remote_nets: ['127.0.0.0/8'] }),
      [6, 0, 0, 0, 0, 0],
    ],
    [
      'a network that is left out',
      () => ({ exclude_remote_nets: ['127.0.0.1'], local_nets: ['::/0'] }),
      [0, 1, 0, 0, 0, 0],
    ],
    ['users', () => ({ uids: [65534], exclude_local_nets: ['::/0'] }), [0, 0, 0, 1, 0, 0]],
    ['names and remote ports', () => ({ comms: ['run filter'], remote_ports: ['1024-65535'] }), [6, 0, 0, 0, 0, 0]],
    ['a network namespace', (all) => ({ netns: [`/proc/${pidOf(all, 4)}/ns/net`] }), [0, 0, 0, 0, 1, 0]],
    ['a cgroup', () => ({ cgroups: [`${cgroup.directory}/`] }), [0, 0, 0, 0, 0, 1]],
    ['a container, which the core alone filters', () => ({ containers: [CONTAINER.slice(0, 12)] }), [0, 0, 0, 0, 0, 1]],
    ['no loopback', () => ({ loopback: false }), [0, 0, 0, 0, 0, 0]],
    [
      'a rate limit',
      () => ({ rate_limit: { records: 2, key: 'pid', interval_ms: 60_000 }, family: 4 }),
      [2, 0, 0, 1, 1, 1],
    ],
  ];

  test.for(CASES)('%s: every sink has what the reference keeps', async ([name, filterFor, counts]) => {
    const all: Workload[] = [];
    for (const scenario of scenarios()) all.push(await Workload.start(scenario));
    onTestFinished(() => {
      for (const workload of all) workload.kill();
    });
    const recordings = join(folder, name);
    mkdirSync(recordings);
    chmodSync(recordings, 0o777);
    const path = fileOf(filterFor(all), { ...SINKS, file: { type: 'file', path: join(recordings, 'a.avro') } });
    const filter = filterOf(loadConfig(path).filter);
    const observer = new Observer({});
    onTestFinished(() => observer.close());
    const program = await started(path);
    for (const workload of all) await workload.run();
    observer.drain();
    expect(await program.stop('SIGTERM'), program.stderr).toEqual(WELL);

    const pids = all.map(({ ready }) => ready.pid);
    const own = (accepts: readonly Accept[]) => accepts.filter(({ pid }) => pids.includes(pid));
    expect(own(observer.records)).toHaveLength(11);
    const expected = kept(own(observer.records), filter);
    expect(pids.map((pid) => expected.filter((accept) => accept.pid === pid).length)).toEqual(counts);
    expect(places(own(printed(program)))).toEqual(places(expected));
    expect(places(own(await recorded(recordings)))).toEqual(places(expected));
    expect(program.stderr.includes('acceptstream: rate limit: suppressed ')).toBe(
      'rateLimit' in filter && !!filter.rateLimit,
    );
    expect(program.stderr).not.toContain('lost');
  });

  test('what the rate limit leaves out is told while it runs, and at the end', async () => {
    const [one, other] = [await Workload.start({ count: 5 }), await Workload.start({ count: 7 })];
    const ports = [portOf([one], 0), portOf([other], 0)];
    const program = await started(
      fileOf({ ports, rate_limit: { records: 2, key: 'local_port', interval_ms: 3_600_000 } }),
    );
    await one.run();
    await until(
      () => program.stderr,
      () => suppressed(program.stderr) === 3,
    );
    await other.run();
    await until(
      () => program.stderr,
      () => suppressed(program.stderr) === 8,
    );
    expect(await program.stop('SIGTERM')).toEqual(WELL);
    expect(program.stderr).toMatch(/\nacceptstream: rate limit: suppressed 8 accepts in all\n$/);
    expect(printed(program)).toHaveLength(4);
  });

  test('--check tells the filter', async () => {
    const rate_limit = { records: 9, key: 'comm' };
    const path = fileOf({ cgroups: [cgroup.directory], netns: ['/proc/self/ns/net', 7], rate_limit });
    const { code, stderr } = await runProgram(['run', '--check', '--log-level', 'error', path]);
    expect({ code, lines: stderr.split('\n').slice(1) }).toEqual({
      code: 0,
      lines: [
        `acceptstream: filter: cgroups ${cgroup.directory}; netns /proc/self/ns/net, 7; at most 9 records of each comm in 1000 ms`,
        'acceptstream: screen: json to stdout',
        '',
      ],
    });
  });

  test.for([[[]], [['--check']]])('a namespace that is not there ends it before it captures: %j', async ([options]) => {
    const path = fileOf({ netns: ['/run/netns/none of ours'] });
    const { code, stdout, stderr } = await runProgram(['run', ...(options ?? []), path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /:1: filter\.netns\.0: cannot find network namespace \/run\/netns\/none of ours: ENOENT: .*; /,
      ),
      '',
    ]);
  });

  test('a cgroup that is not there yet is told of, and its accepts come as soon as it is', async () => {
    const name = `late-${process.pid}.slice`;
    const program = await started(fileOf({ cgroups: [`/${name}`] }));
    expect(program.stderr).toMatch(
      new RegExp(`^acceptstream: there is no cgroup /${name} in \\S+ yet: its accepts `, 'm'),
    );
    const late = makeCgroup(name);
    onTestFinished(() => late.remove());
    const [inside, outside] = [await Workload.start({ cgroup: late.directory, count: 3 }), await Workload.start({})];
    await outside.run();
    await inside.run();
    expect(await program.stop('SIGTERM')).toEqual(WELL);
    expect(printed(program).map(({ pid }) => pid)).toEqual(Array.from({ length: 3 }, () => inside.ready.pid));
  });

  test('a reload keeps the filter, also when its places are gone, and refuses another', async () => {
    const inside = await Workload.start({ unshare: 'net', count: 3 });
    const filter = { netns: [`/proc/${inside.ready.pid}/ns/net`] };
    const path = fileOf(filter);
    const program = await started(path);
    await inside.run();
    await program.until('the rows', () => printed(program).length === 3);
    program.signal('SIGHUP');
    await untilSays(program, `acceptstream: ${path} reloaded\n`);
    fileOf({ ...filter, comms: ['a'] });
    program.signal('SIGHUP');
    await untilSays(
      program,
      'the former configuration goes on: filter belongs to the kernel programs: restart to change it',
    );
    expect(await program.stop('SIGTERM')).toEqual(WELL);
  });
});
