import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { describe } from 'vitest';
import { HOOKS, type Hook } from '../../native/index.js';
import { tryHook } from '../../source-plugin/ladder.js';
import { hasCompiler } from './programs.js';

export { HOOKS, type Hook };

/** The inode that the kernel gives the first pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_PIDNS = 'pid:[4026531836]';

const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** Why live tests can't run here; '' when they can. */
export function liveReason(): string {
  if (process.getuid?.() !== 0) return 'needs root';
  const effective = effectiveCapabilities();
  for (const [name, bit] of Object.entries(CAPABILITIES))
    if (!((effective >> BigInt(bit)) & 1n)) return `needs ${name}`;
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'needs a kernel with BTF';
  if (readlinkSync('/proc/self/ns/pid') !== INITIAL_PIDNS) return 'needs the initial pid namespace';
  if (!hasCompiler()) return 'needs gcc';
  return '';
}

const refusals = new Map<Hook, string>();

/** What the kernel says against a hook, '' when it works; asked once. */
export function refusal(hook: Hook): string {
  const known = refusals.get(hook) ?? tryHook(hook).reason ?? '';
  refusals.set(hook, known);
  return known;
}

/**
 * As liveReason, and for a hook of tracefs that there is one. That of all system calls has no excuse; what the kernel
 * says of the others is one, because test/kernels proves them where they are.
 */
export function hookReason(hook: Hook): string {
  const reason = liveReason();
  if (reason || hook === 'tp_btf:sys_exit') return reason;
  if (!hook.startsWith('tracepoint:')) return refusal(hook);
  return existsSync('/sys/kernel/tracing/events/syscalls') ? '' : 'needs tracefs at /sys/kernel/tracing';
}

/** Whether a hook sees the return of system calls, not the accept itself. */
export function isOfSystemCalls(hook: Hook): boolean {
  return hook === 'tracepoint:sys_exit_accept' || hook === 'tp_btf:sys_exit';
}

/** Why tests with pinned maps can't run here; '' when they can. */
export function bpffsReason(): string {
  const reason = liveReason();
  if (reason) return reason;
  return readFileSync('/proc/self/mounts', 'utf8').includes(' /sys/fs/bpf bpf ') ? '' : 'needs bpffs at /sys/fs/bpf';
}

/** A describe that is skipped, and says why, when there is a reason to. */
export function describeUnless(reason: string, name: string, body: () => void): void {
  describe.skipIf(reason !== '')(reason ? `${name} (skipped: ${reason})` : name, body);
}

/**
 * The tests once for each hook of this kernel. What it says against the others is in ladder.test.ts; there is nothing of
 * them to test here, and test/kernels proves them.
 */
export function describeHooks(name: string, body: (hook: Hook) => void, reasonOf = hookReason): void {
  for (const hook of HOOKS) {
    if (isOfSystemCalls(hook) || liveReason() || !refusal(hook))
      describeUnless(reasonOf(hook), `${name} on ${hook}`, () => body(hook));
  }
}

function effectiveCapabilities(): bigint {
  const line = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return BigInt(`0x${line?.[1] ?? '0'}`);
}
