import { existsSync } from 'node:fs';
import { makeCgroup } from '../../support/cgroup.js';
import type { Scenario, Truth } from '../../workload/workload.js';

const EAGAIN = 11;
const EFAULT = 14;
const EINVAL = 22;
const EMFILE = 24;
const PARKED = 200;

/** A way to accept, as a scenario of the workload. All scenarios of a hook run in one capture. */
export interface Path {
  /** As in ../paths.mjs. */
  readonly name: string;
  readonly scenario: Scenario;
  readonly program?: 'scenario32';
  readonly mptcp?: true;
  /** The error that every accept has to end with; not given: none. */
  readonly errno?: number;
  /** Whether what came of it says that the kernel has no such path. */
  readonly isAbsent?: (accepts: readonly Truth[]) => boolean;
  /** What of the truth the process itself can't know, or knows otherwise. */
  readonly correct?: (truth: Truth) => Truth;
}

/** That the kernel took the connection, the caller does not learn: its client knows both ends. */
const fromClient = (truth: Truth): Truth => ({
  ...truth,
  peer_address: truth.client_address,
  peer_port: truth.client_port,
  local_address: truth.server_address,
  local_port: truth.server_port,
});

const name = (text: string) => Buffer.from(text);

/** The paths that this kernel may have, each time with cgroups of their own. */
export function makePaths(): { paths: readonly Path[]; release: () => Promise<void> } {
  const cgroup = makeCgroup(`container-${process.hrtime.bigint()}`);
  const container: Path = {
    name: 'container',
    scenario: { unshare: 'net,mnt,cgroup,pid', cgroup: cgroup.directory, comm: name('container') },
    correct: (truth) => ({ ...truth, cgroup: `/${cgroup.name}` }),
  };
  return { paths: [...SYSCALLS, ...RINGS, ...mptcp(), container, COMPAT, ...FAILING], release: () => cgroup.remove() };
}

const SYSCALLS: readonly Path[] = [
  { name: 'accept', scenario: { from: '127.0.0.77', count: 3, backlog: 9 } },
  { name: 'accept4', scenario: { call: 'accept4' } },
  { name: 'null', scenario: { call: 'null' } },
  { name: 'ipv6', scenario: { listen: '::1' } },
  { name: 'dual', scenario: { listen: '::', connect: '127.0.0.1' } },
  { name: 'thread', scenario: { comm: name('process'), thread: name('thread') } },
  { name: 'queued', scenario: { delay_ms: 60, before: 'early' } },
  { name: 'blocked', scenario: { parked: 1, thread: name('blocked') } },
  { name: 'parked', scenario: { parked: PARKED, count: PARKED, backlog: PARKED, thread: name('parked') } },
  { name: 'reset', scenario: { before: 'reset', from: '127.0.0.78' } },
];

const RINGS: readonly Path[] = [
  { name: 'uring', scenario: { call: 'uring', count: 2 } },
  {
    name: 'uring-multishot',
    scenario: { call: 'uring_multishot', accepts: 3 },
    isAbsent: ([first]) => first?.errno === EINVAL,
  },
];

function mptcp(): readonly Path[] {
  const absent = !existsSync('/proc/sys/net/mptcp/enabled');
  const listener: Scenario = absent ? {} : { mptcp_listener: 1 };
  const client: Scenario = absent ? {} : { mptcp_client: 1 };
  const isAbsent = () => absent;
  return [
    { name: 'mptcp', scenario: { ...listener, ...client, count: 2 }, mptcp: true, isAbsent },
    { name: 'mptcp-plain', scenario: listener, isAbsent },
  ];
}

// Only programs for x86-64 can make a 32-bit call now and then.
const COMPAT: Path = {
  name: 'compat',
  scenario: { call: 'compat_accept4', extra: 'namesake' },
  ...(process.arch === 'arm64' && { program: 'scenario32' }),
};

const FAILING: readonly Path[] = [
  { name: 'efault', scenario: { call: 'efault' }, errno: EFAULT, correct: fromClient },
  { name: 'eagain', scenario: { call: 'eagain', count: 0, accepts: 3 }, errno: EAGAIN },
  { name: 'emfile', scenario: { call: 'emfile' }, errno: EMFILE },
];
