import { readFileSync } from 'node:fs';

/** Bits of include/uapi/linux/capability.h. */
const BITS = { CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** What capture takes; CAP_SYS_ADMIN stands for both. */
export const NEEDED = ['CAP_BPF', 'CAP_PERFMON'] as const;

/** Those of NEEDED that this process has not. */
export function missingCapabilities(): (typeof NEEDED)[number][] {
  const effective = effectiveCapabilities();
  const holds = (name: keyof typeof BITS) => ((effective >> BigInt(BITS[name])) & 1n) === 1n;
  return NEEDED.filter((name) => !holds(name) && !holds('CAP_SYS_ADMIN'));
}

function effectiveCapabilities(): bigint {
  const line = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return BigInt(`0x${line?.[1] ?? '0'}`);
}
