import { versionOf } from './architectures.mjs';

// What every hook has to see of every path, by kernel: the facts that the guests are held against.

const SYSCALL_HOOKS = /^(tracepoint|tp_btf):/;
const ONE_OF_61 = /:__inet_accept$/;

// 2aa6ac03516d ("arm64: ftrace: Add direct call support")
const ARM64_FENTRY_SINCE = '6.4';

const isBefore = (series, other) => {
  const [[major, minor], [otherMajor, otherMinor]] = [series, other].map((text) =>
    versionOf(text).split('.').map(Number),
  );
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
};

/**
 * Paths in the order of the table. `blind`: hooks at the end of a system call can't see it, by design. `none`: there is
 * no accept to see. `since`: the first series that has it. `tcpaccept` is what tcpaccept 0.31 makes of it on the kernels
 * where it works at all.
 */
export const PATHS = [
  { name: 'accept', title: 'accept', tcpaccept: 'seen' },
  { name: 'accept4', title: 'accept4', tcpaccept: 'seen' },
  { name: 'null', title: 'accept without an address', tcpaccept: 'seen' },
  { name: 'ipv6', title: 'IPv6', tcpaccept: 'seen' },
  { name: 'dual', title: 'IPv4 peer of a dual-stack listener', tcpaccept: 'seen' },
  { name: 'thread', title: 'thread with a name of its own', tcpaccept: 'seen' },
  { name: 'queued', title: 'waited in the queue, with data', tcpaccept: 'seen' },
  { name: 'blocked', title: 'blocked in accept before we attach', tcpaccept: '**missed**' },
  { name: 'parked', title: '200 threads parked in accept', tcpaccept: '**loses some**' },
  { name: 'reset', title: 'peer reset before the accept', tcpaccept: 'seen' },
  { name: 'uring', title: 'io_uring', tcpaccept: 'seen', blind: true },
  { name: 'uring-multishot', title: 'io_uring, multishot', tcpaccept: 'seen', blind: true, since: '5.19' },
  { name: 'mptcp', title: 'MPTCP', tcpaccept: 'seen', since: '6.1' },
  { name: 'mptcp-plain', title: 'plain peer of an MPTCP listener', tcpaccept: 'seen', since: '6.1' },
  { name: 'container', title: 'container (pid, mount, network, cgroup)', tcpaccept: 'seen' },
  { name: 'kernel', title: 'listener of the kernel itself (NVMe target)', tcpaccept: 'seen', blind: true },
  { name: 'compat', title: '32-bit program', tcpaccept: 'seen', blind: true },
  { name: 'efault', title: 'accept that fails late (EFAULT)', tcpaccept: 'seen', blind: true },
  { name: 'eagain', title: 'EAGAIN: nothing to see', tcpaccept: 'none', none: true },
  { name: 'emfile', title: 'EMFILE: nothing to see', tcpaccept: 'none', none: true },
  { name: 'counters', title: 'counters agree with the records', tcpaccept: '' },
  { name: 'filters', title: 'each filter keeps what the core keeps', tcpaccept: '' },
];

/**
 * Whether a hook may miss an accept, as long as the kernel counts it: its program can be preempted, and the kernel then
 * skips the next run on that CPU (since lazy preemption, 6.13). The other hooks run where preemption is off.
 */
export const maySkip = (hook, series) => SYSCALL_HOOKS.test(hook) && !isBefore(series, '6.13');

/** Every option of tcpaccept; each runs on the kernel's best hook. */
export const OPTIONS = ['none', '-t', '-T', '-p', '-P', '-4', '-6', '--cgroupmap', '--mntnsmap'];

/** The row of the hook that the program takes by itself. */
export const CHOICE = 'hook it takes';

/** From this series on tcpaccept prints nothing at all: it guesses an offset that moved. */
export const TCPACCEPT_SILENT_SINCE = '6.9';
export const isTcpacceptSilent = (series) => !isBefore(series, TCPACCEPT_SILENT_SINCE);

/**
 * What has to be seen: `once` (each accept once, and whole), `none`, `absent` (no such path) or `refused` (no such hook).
 * @param {{since?: string, blind?: boolean, none?: boolean}} path
 * @param {string} hook
 * @param {string} series
 */
export function expectation({ since, blind, none }, hook, series) {
  if (ONE_OF_61.test(hook) && isBefore(series, '6.1')) return 'refused';
  if (hook.startsWith('fentry:') && series.startsWith('arm64-') && isBefore(series, ARM64_FENTRY_SINCE))
    return 'refused';
  if (since && isBefore(series, since)) return 'absent';
  if (none || (blind && SYSCALL_HOOKS.test(hook))) return 'none';
  return 'once';
}
