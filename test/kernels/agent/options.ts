// Every option of tcpaccept, through the program itself.
import { makeCgroup } from '../../support/cgroup.js';
import { Pins } from '../../support/pinned.js';
import { Program } from '../../support/program.js';
import { inodeOf } from '../../support/record-problems.js';
import { columnsOf, HEADER, row } from '../../support/reference.js';
import { type Scenario, type Truth, Workload } from '../../workload/workload.js';

type Name = 'first' | 'second' | 'last';

const EVERYONE = ['first', 'second', 'last'] as const;
const SCENARIOS: Readonly<Record<Name, Scenario>> = {
  first: { listen: '127.0.0.1' },
  second: { listen: '::1' },
  last: { listen: '::', connect: '127.0.0.1', unshare: 'mnt' },
};

type Processes = Readonly<Record<Name, Workload>>;

interface Case {
  /** As in ../paths.mjs. */
  readonly name: string;
  readonly args: (all: Processes, pins: Pins) => readonly string[];
  readonly shown: readonly Name[];
  /** What stands before the columns of the header and of a row. */
  readonly head?: string;
  readonly time?: RegExp;
}

const CASES: readonly Case[] = [
  { name: 'none', args: () => [], shown: EVERYONE },
  { name: '-t', args: () => ['-t'], shown: EVERYONE, head: 'TIME(s)  ', time: /^\d+\.\d{3} {4}/ },
  { name: '-T', args: () => ['-T'], shown: EVERYONE, head: 'TIME     ', time: /^\d\d:\d\d:\d\d / },
  { name: '-p', args: (all) => ['-p', `${all.second.ready.pid}`], shown: ['second'] },
  {
    name: '-P',
    args: (all) => ['-P', `${all.first.ready.port},${all.last.ready.port}`],
    shown: ['first', 'last'],
  },
  { name: '-4', args: () => ['-4'], shown: ['first'] },
  { name: '-6', args: () => ['-6'], shown: ['second', 'last'] },
  { name: '--cgroupmap', args: (_, pins) => ['--cgroupmap', pins.path('cgroups')], shown: ['second'] },
  { name: '--mntnsmap', args: (_, pins) => ['--mntnsmap', pins.path('namespaces')], shown: ['last'] },
];

/** What an option did: showed the rows it had to, or what it showed instead; and the time from its start to its header. */
export interface Shown {
  readonly option: string;
  readonly problems: readonly string[];
  readonly startMs?: number;
}

async function startAll(cgroup: string): Promise<Processes> {
  const [first, second, last] = [
    await Workload.start(SCENARIOS.first),
    await Workload.start({ ...SCENARIOS.second, cgroup }),
    await Workload.start(SCENARIOS.last),
  ];
  return { first, second, last };
}

async function acceptAll(all: Processes, shown: readonly Name[]): Promise<Truth[]> {
  const truths: Truth[] = [];
  for (const name of EVERYONE) {
    const { accepts } = await all[name].run();
    if (shown.includes(name)) truths.push(...accepts);
  }
  return truths;
}

function differences(one: Case, output: string, truths: readonly Truth[], stderr: string): string[] {
  const { head = '', time = /^/ } = one;
  const [header = '', ...rows] = output.split('\n').slice(0, -1);
  const wanted = truths.map((truth) => row(columnsOf(truth)));
  const plain = rows.map((text) => text.replace(time, ''));
  const timed = rows.every((text) => time.test(text));
  return [
    ...(header === head + HEADER ? [] : [`header: ${header}`]),
    ...(timed && plain.join('\n') === wanted.join('\n')
      ? []
      : [`rows: ${rows.join(' | ')}, not ${wanted.join(' | ')}`]),
    ...(stderr ? [stderr] : []),
  ];
}

async function runCase(one: Case, pins: Pins, all: Processes): Promise<Shown> {
  pins.add('namespaces', inodeOf(all.last.ready.mntns));
  const start = performance.now();
  const program = await Program.live(one.args(all, pins));
  const startMs = performance.now() - start;
  const truths = await acceptAll(all, one.shown);
  const { code } = await program.stop();
  const problems = differences(one, program.stdout, truths, program.stderr);
  if (code !== 0) problems.push(`exit status ${code}`);
  return { option: one.name, problems, startMs };
}

async function attempt(one: Case, pins: Pins, cgroup: string): Promise<Shown> {
  const all = await startAll(cgroup);
  try {
    return await runCase(one, pins, all);
  } catch (error) {
    for (const name of EVERYONE) all[name].kill();
    return { option: one.name, problems: [(error as Error).message] };
  }
}

export async function* observeOptions(): AsyncGenerator<Shown> {
  const pins = new Pins('options');
  const cgroup = makeCgroup('options');
  pins.createMap('cgroups', { valueBytes: 4 });
  pins.add('cgroups', cgroup.id);
  pins.createMap('namespaces', { valueBytes: 1 });
  for (const one of CASES) yield await attempt(one, pins, cgroup.directory);
  pins.close();
  await cgroup.remove();
}
