// Accepts of many shapes, and what conditions can ask for of them.
import type { Filter } from '../../filter-core/index.js';
import { type Scenario, Workload } from '../workload/workload.js';
import { type Cgroup, cgroup2Mount, makeCgroup } from './cgroup.js';
import { inodeOf } from './record-problems.js';

const name = (text: string) => Buffer.from(text);
const OTHER_USER = 4_294_967_294;
const FROM_PORT = 20_000;

const SCENARIOS: readonly Scenario[] = [
  { listen: '127.0.0.1', from: '127.0.0.5' },
  { listen: '127.0.0.1', from: '127.0.0.6', from_port: FROM_PORT, ruid: 1000, comm: name('web') },
  { listen: '::', connect: '127.0.0.1', thread: name('wörker') },
  { listen: '::1', ruid: OTHER_USER },
  { listen: '127.0.0.1', before: 'reset', from: '127.0.0.78' },
  { listen: '0.0.0.0', connect: '127.0.0.1', unshare: 'net', address: '192.0.2.1', from: '192.0.2.1', ruid: 1000 },
  { listen: '::', connect: '192.0.2.1', unshare: 'net', address: '192.0.2.1', from: '127.0.0.1' },
  { listen: '::', connect: '192.0.2.1', unshare: 'net', address: '192.0.2.1', from: '192.0.2.1' },
  { listen: '::', connect: '::1', unshare: 'net', address: '2001:db8::1', from: '2001:db8::1', comm: name('web') },
];

/** Processes that wait to accept, each once, in cgroups of different depth where there are any. */
export interface FilterWorld {
  readonly processes: readonly Workload[];
  /** Paths, from the outermost on. */
  readonly cgroups: readonly string[];
  release(): Promise<void>;
}

/** An outer cgroup, and two in it; none where no version 2 hierarchy is mounted. */
function makeCgroups(): Cgroup[] {
  if (cgroup2Mount() === undefined) return [];
  const outer = `filters-${process.hrtime.bigint()}`;
  return [outer, `${outer}/inner`, `${outer}/inner/leaf`, `${outer}/inner2`].map(makeCgroup);
}

export async function startWorld(): Promise<FilterWorld> {
  const cgroups = makeCgroups();
  const processes: Workload[] = [];
  for (const [at, scenario] of SCENARIOS.entries()) {
    const directory = cgroups[at - 1]?.directory;
    processes.push(await Workload.start({ ...scenario, ...(directory && { cgroup: directory }) }));
  }
  const release = async () => {
    for (const cgroup of cgroups.toReversed()) await cgroup.remove();
  };
  return { processes, cgroups: cgroups.map((cgroup) => `/${cgroup.name}`), release };
}

/** Values of each condition that some accepts of a world meet, and others do not. */
export function valuesOf({ processes, cgroups }: FilterWorld) {
  const ready = processes.map((process) => process.ready);
  return {
    pid: [...ready.map(({ pid }) => pid), 0],
    ports: [...ready.map(({ port }) => port), [20_000, 40_000], [40_001, 65_535], 0] as NonNullable<Filter['ports']>,
    remotePorts: [FROM_PORT, [1, 40_000], [40_001, 50_000], 0] as NonNullable<Filter['remotePorts']>,
    uids: [0, 1000, OTHER_USER, 1001],
    comms: ['web', 'scenario', 'wörker', 'we', 'webx'],
    netns: [...new Set(ready.map(({ netns }) => inodeOf(netns))), 1],
    nets: NETS,
    cgroups: [...cgroups, '/', ...cgroups.map((path) => `${path}/below`), '/filters', '/inner'],
  };
}

const NETS = [
  ...['0.0.0.0/0', '::/0', '127.0.0.0/8', '127.0.0.5', '127.0.0.4/30', '128.0.0.0/1', '192.0.2.0/24'],
  ...['192.0.2.1', '::1', '2001:db8::/32', '2001:db8::1', '2000::/3', '::/1', '::/96'],
  ...['::ffff:127.0.0.0/104', '::ffff:192.0.2.1', '::ffff:0:0/96', '::ffff:0:0/95', '::ffff:0:0/80'],
] as const;

/** A filter for each condition, which some accepts of a world meet and others do not. */
export function singleFilters({ processes, cgroups }: FilterWorld): Filter[] {
  const [first, second] = processes.map(({ ready }) => ready);
  const filters: Filter[] = [
    { pid: first?.pid },
    { family: 4 },
    { ports: [first?.port ?? 0, 0] },
    { remotePorts: [[FROM_PORT - 1, FROM_PORT]] },
    { uids: [OTHER_USER, 1000] },
    { comms: ['wörker', 'web'] },
    { netns: [inodeOf(second?.netns ?? '')] },
    { remoteNets: ['127.0.0.0/29', '2001:db8::/64'] },
    { excludeRemoteNets: ['127.0.0.0/8'] },
    { localNets: ['::ffff:192.0.2.0/120'] },
    { excludeLocalNets: ['0.0.0.0/0'], localNets: ['::/0'] },
    { loopback: false },
  ];
  return cgroups[1] ? [...filters, { cgroups: [cgroups[1]] }] : filters;
}
