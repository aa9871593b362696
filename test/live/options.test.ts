import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cgroup, cgroup2Mount, makeCgroup } from '../support/cgroup.js';
import { inodeOf } from '../support/expected.js';
import { Pins } from '../support/pinned.js';
import { Program } from '../support/program.js';
import { bpffsReason, describeUnless } from '../support/reasons.js';
import { columnsOf, row } from '../support/reference.js';
import { type Scenario, Workload } from '../workload/workload.js';

type Names = 'first' | 'second' | 'third' | 'last';

const SCENARIOS: Readonly<Record<Names, Scenario>> = {
  first: { listen: '127.0.0.1' },
  second: { listen: '::1' },
  third: { listen: '::', connect: '127.0.0.1' },
  last: { listen: '127.0.0.1', unshare: 'mnt' },
};

type Ports = Readonly<Record<Names, Workload>>;

interface Case {
  readonly name: string;
  readonly args: (all: Ports, pins: Pins) => readonly string[];
  readonly shown: readonly Names[];
}

const ports = (all: Ports, names: readonly Names[]) => names.map((name) => all[name].ready.port).join();
const everyone = ['first', 'second', 'third', 'last'] as const;

/** Beyond tcpaccept's; all accepts are of this host itself. */
const FILTERS: readonly (readonly [string, readonly Names[]])[] = [
  ['--remote 127.0.0.0/8', ['first', 'third', 'last']],
  ['--exclude-remote 0.0.0.0/0', ['second']],
  ['--local ::1,192.0.2.0/24', ['second']],
  ['--exclude-local ::/0', ['first', 'third', 'last']],
  ['--remote-port 1-65535', everyone],
  ['--remote-port 0', []],
  ['--uid 0', everyone],
  ['--uid 4294967294', []],
  ['--comm scenario', everyone],
  ['--comm scenari', []],
  ['--netns 1', []],
  ['--cgroup-path /', everyone],
  ['--container 0123456789ab', []],
  ['--no-loopback', []],
  ['--rate-limit 1/pid', everyone],
];

const CASES: readonly Case[] = [
  { name: '-P', args: (all) => ['-P', ports(all, everyone)], shown: everyone },
  {
    name: '-P with blanks',
    args: (all) => [`-P ${all.first.ready.port} , ${all.last.ready.port} `],
    shown: ['first', 'last'],
  },
  { name: '--port=', args: (all) => [`--port=${ports(all, ['second', 'last'])}`], shown: ['second', 'last'] },
  { name: '-P= and an empty -p', args: (all) => ['-p', '', `-P=${ports(all, ['last'])}`], shown: ['last'] },
  { name: '-p', args: (all) => ['-p', `${all.last.ready.pid}`], shown: ['last'] },
  { name: '-p glued, the last one wins', args: (all) => ['-p1', `-p${all.last.ready.pid}`], shown: ['last'] },
  { name: '-4', args: (all) => ['-4', '-P', ports(all, everyone)], shown: ['first', 'last'] },
  { name: '-6', args: (all) => ['-6P', ports(all, ['first', 'second', 'third'])], shown: ['second', 'third'] },
  { name: '--pid and --ipv6', args: (all) => ['--pid', `${all.third.ready.pid}`, '--ipv6'], shown: ['third'] },
  { name: '--cgroupmap', args: (_, pins) => ['--cgroupmap', pins.path('cgroups')], shown: everyone },
  { name: '--mntnsmap', args: (_, pins) => ['--mntns', pins.path('namespaces')], shown: ['last'] },
  {
    name: '--cgroupmap with -4 and -P',
    args: (all, pins) => ['-4', '--cgroupmap', pins.path('cgroups'), '-P', ports(all, ['second', 'last'])],
    shown: ['last'],
  },
  ...FILTERS.map(
    ([text, shown]): Case => ({
      name: text,
      args: (all) => [...text.split(' '), '-P', ports(all, everyone)],
      shown,
    }),
  ),
  {
    name: '--netns with a path and a number',
    args: (all) => ['--netns', `1,/proc/${all.first.ready.pid}/ns/net`, '-P', ports(all, everyone)],
    shown: everyone,
  },
  { name: '--cgroup-path', args: (all) => ['--cgroup-path', `${all.first.ready.cgroup}/`], shown: everyone },
  {
    name: '-P with a range',
    args: (all) => ['-p', `${all.last.ready.pid}`, '-P', `${all.last.ready.port}-65535`],
    shown: ['last'],
  },
  { name: '--ring-bytes', args: (all) => ['--ring-bytes', '65536', '-P', ports(all, everyone)], shown: everyone },
];

describeUnless(bpffsReason() || (cgroup2Mount() ? '' : 'needs cgroup2'), 'the command with', () => {
  let pins: Pins;
  let cgroup: Cgroup;

  beforeAll(() => {
    pins = new Pins('options');
    cgroup = makeCgroup(`acceptstream-options-${process.pid}`);
    pins.createMap('cgroups', { valueBytes: 4 });
    pins.add('cgroups', cgroup.id);
    pins.createMap('namespaces', { valueBytes: 1 });
  });

  afterAll(async () => {
    pins?.close();
    await cgroup?.remove();
  });

  async function startAll(): Promise<Ports> {
    const started: Partial<Record<Names, Workload>> = {};
    for (const name of everyone) {
      started[name] = await Workload.start({ ...SCENARIOS[name], cgroup: cgroup.directory });
    }
    return started as Ports;
  }

  test.for(CASES)('$name', async ({ args, shown }) => {
    const all = await startAll();
    pins.add('namespaces', inodeOf(all.last.ready.mntns));
    const program = await Program.live(args(all, pins));
    const expected: string[] = [];
    for (const name of everyone) {
      const { accepts } = await all[name].run();
      if (shown.includes(name)) expected.push(...accepts.map((accept) => row(columnsOf(accept))));
    }
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(program.rows).toEqual(expected);
    expect(program.stderr).toBe('');
  });
});
