import { expect, onTestFinished, test } from 'vitest';
import { type Live, type LiveOptions, Observer, observeAll } from '../support/observer.js';
import { describeHooks } from '../support/reasons.js';
import { type Scenario, Workload } from '../workload/workload.js';

interface Case {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly options: (processes: readonly Workload[]) => LiveOptions;
  /** How many records each process has to have; the last one's accept passes. */
  readonly records: readonly number[];
}

const v4: Scenario = { listen: '127.0.0.1' };
const v6: Scenario = { listen: '::1' };
const dual: Scenario = { listen: '::', connect: '127.0.0.1' };
const pid = (process: Workload | undefined) => process?.ready.pid ?? -2;
const port = (process: Workload | undefined) => process?.ready.port ?? -2;

const CASES: readonly Case[] = [
  { name: 'none', scenarios: [v4, v6, dual], options: () => ({}), records: [1, 1, 1] },
  { name: '-p', scenarios: [v4, v6, v4], options: (all) => ({ pid: pid(all[2]) }), records: [0, 0, 1] },
  {
    name: '-p of a process whose threads accept',
    scenarios: [v4, { count: 3, parked: 3, thread: Buffer.from('t') }],
    options: (all) => ({ pid: pid(all[1]) }),
    records: [0, 3],
  },
  {
    name: '-P with two ports',
    scenarios: [v4, v6, v6, v4],
    options: (all) => ({ ports: [port(all[1]), port(all[3])] }),
    records: [0, 1, 0, 1],
  },
  {
    name: '-P is the local port',
    scenarios: [
      { ...v4, unshare: 'net', from_port: 50123 },
      { ...v4, unshare: 'net', port: 50123 },
    ],
    options: () => ({ ports: [50123] }),
    records: [0, 1],
  },
  {
    name: '-P at the ends of the range',
    scenarios: [65534, 2, 65535, 1].map((number) => ({ ...v4, unshare: 'net', port: number })),
    options: () => ({ ports: [1, 65535] }),
    records: [0, 0, 1, 1],
  },
  {
    name: '-P drops what was reset before its accept',
    scenarios: [{ ...v4, before: 'reset', sentinel: 1 }],
    options: (all) => ({ ports: [port(all[0])] }),
    records: [0],
  },
  {
    name: '-P 0 matches what was reset before its accept',
    scenarios: [v4, { ...v4, before: 'reset' }],
    options: () => ({ ports: [0] }),
    records: [0, 1],
  },
  { name: '-4', scenarios: [v6, dual, v4], options: () => ({ family: 4 }), records: [0, 0, 1] },
  { name: '-6', scenarios: [v4, v6, dual], options: () => ({ family: 6 }), records: [0, 1, 1] },
  {
    name: '-4 with MPTCP',
    scenarios: [
      { ...v6, mptcp_listener: 1, mptcp_client: 1 },
      { ...v4, mptcp_listener: 1, mptcp_client: 1 },
    ],
    options: (all) => ({ family: 4, ports: all.map(port) }),
    records: [0, 1],
  },
  {
    name: '-p and -P and -6 together',
    scenarios: [v6, v4, { ...v6, count: 2 }],
    options: (all) => ({ pid: pid(all[2]), ports: all.map(port), family: 6 }),
    records: [0, 0, 2],
  },
];

/** The same process, and one filter after the other that no accept of this host passes. */
const OUTSIDE: readonly (readonly [string, (process: Workload) => LiveOptions])[] = [
  ['another pid', (one) => ({ pid: one.ready.pid + 1, ports: [one.ready.port], family: 4 })],
  ['another port', (one) => ({ pid: one.ready.pid, ports: [one.ready.port ^ 1], family: 4 })],
  ['another family', (one) => ({ pid: one.ready.pid, ports: [one.ready.port], family: 6 })],
  ['pid 0, which no process has', () => ({ pid: 0 })],
  ['another peer port', () => ({ remotePorts: [0] })],
  ['another network', () => ({ remoteNets: ['192.0.2.0/24'] })],
  ['a network that is left out', () => ({ excludeLocalNets: ['0.0.0.0/0', '::/0'] })],
  ['another user', () => ({ uids: [4294967294] })],
  ['another name', () => ({ comms: ['nobody is this'] })],
  ['another network namespace', () => ({ netns: [1] })],
  ['another cgroup', () => ({ cgroups: ['/none of ours'] })],
  ['loopback', () => ({ loopback: false, remoteNets: ['127.0.0.0/8'] })],
];

/** What `live` sees and filters while `work` is done, and how many accepts an unfiltered capture sees then. */
async function countedBeside(all: Live, live: Live, work: () => Promise<unknown>) {
  const before = { outer: all.counters(), filtered: live.counters().filtered, inner: all.counters() };
  await work();
  const after = { inner: all.counters(), filtered: live.counters().filtered, outer: all.counters() };
  return {
    filtered: after.filtered - before.filtered,
    least: after.inner.seen - before.inner.seen,
    most: after.outer.seen - before.outer.seen,
  };
}

describeHooks('kernel filters', (hook) => {
  test.for(CASES)('$name', async ({ scenarios, options, records }) => {
    const observed = await observeAll(scenarios, (all) => ({ ...options(all), hook }));
    expect(observed.map((one) => one.records.length)).toEqual(records);
  });

  test.for(OUTSIDE)('%s is filtered, and counted exactly', async ([, options]) => {
    const workload = await Workload.start({ count: 5 });
    const [all, observer] = [new Observer({ hook }), new Observer({ ...options(workload), hook })];
    onTestFinished(() => {
      for (const one of [all, observer]) one.close();
    });
    const { filtered, least, most } = await countedBeside(all.live, observer.live, () => workload.run());
    const counters = observer.live.counters();
    observer.drain();
    expect(observer.records).toEqual([]);
    expect(least).toBeGreaterThanOrEqual(5);
    // The same number, unless another process accepted in the microseconds between two looks.
    expect(filtered).toBeGreaterThanOrEqual(least);
    expect(filtered).toBeLessThanOrEqual(most);
    expect(counters).toMatchObject({ seen: counters.filtered, submitted: 0, lost: 0 });
  });
});
