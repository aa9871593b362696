import { readFileSync } from 'node:fs';

/** Bits of include/uapi/linux/capability.h. */
const BITS = { CAP_SYS_ADMIN: 21, CAP_SYS_RESOURCE: 24, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** What capture takes; CAP_SYS_ADMIN stands for both. */
export const NEEDED = ['CAP_BPF', 'CAP_PERFMON'] as const;

/** Of /proc/PID/uid_map: all of the numbers of the initial user namespace are themselves. */
const INITIAL_USER_NAMESPACE = /^\s*0\s+0\s+4294967295\s*$/;

const ownStatus = () => readFileSync('/proc/self/status', 'utf8');

/** Those of NEEDED that are not effective in a process, by its /proc/PID/status. */
export function missingCapabilities(status = ownStatus()): (typeof NEEDED)[number][] {
  return NEEDED.filter((name) => !holds(name, status) && !holds('CAP_SYS_ADMIN', status));
}

/** Whether a capability is effective in a process, by its /proc/PID/status. */
export function holds(name: keyof typeof BITS, status = ownStatus()): boolean {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return ((effective >> BigInt(BITS[name])) & 1n) === 1n;
}

/** Whether capabilities count for BPF: they do in the initial user namespace alone. By /proc/PID/uid_map. */
export function isInitialUserNamespace(map = readFileSync('/proc/self/uid_map', 'utf8')): boolean {
  return INITIAL_USER_NAMESPACE.test(map);
}
