import type { Hook } from '../../native/hooks.js';
import type { HookTrial } from '../ladder.js';
import { type Check, isMemlockShort } from './checks.js';
import type { Machine } from './machine.js';

const BACKLOG = 'the length of the accept queue (backlog and backlog_max are -1)';
const SYSTEM_CALLS = [
  'accepts through io_uring',
  "accepts that took the connection and then failed with EFAULT, as the caller's memory could not be written",
  'accepts of 32-bit programs on a 64-bit kernel',
  'a descriptor that another thread closed or replaced before the system call returned',
  'accepts the kernel makes for itself, as its NFS and SMB servers do',
  'on a kernel that preempts itself, accepts that cut into the recording of another one (counted as missed)',
];

/** What a capture by this hook does not see. */
export function blindSpots(hook: Hook, { btf }: Pick<Machine, 'btf'>): readonly string[] {
  if (hook.endsWith(':__inet_accept')) return [];
  if (hook.endsWith(':security_sock_graft')) return [BACKLOG];
  const tellsListener = hook === 'tp_btf:sys_exit' || btf.tellsListener;
  return tellsListener ? SYSTEM_CALLS : [...SYSTEM_CALLS, BACKLOG];
}

/** A line for each trial: a hook that is refused is a failure only where none works. */
export function hookChecks(trials: readonly HookTrial[], machine: Machine): Check[] {
  const taken = trials.find(({ works }) => works);
  return trials.map((trial) => ({
    name: trial.hook,
    status: statusOf(trial, taken),
    detail: trial.works ? howItWorks(trial, taken) : whyNot(trial, machine),
    remedy: remedyOf(trial, machine),
  }));
}

function statusOf({ works, warning }: HookTrial, taken: HookTrial | undefined): Check['status'] {
  if (works) return warning === undefined ? 'ok' : 'warn';
  return taken ? 'warn' : 'fail';
}

const isForbidden = (reason = '') => /\b(EPERM|EACCES)\b/.test(reason);

// Without the capabilities libbpf guesses at causes, the same for each hook.
function whyNot({ reason = 'refused' }: HookTrial, { missing }: Machine): string {
  return isForbidden(reason) && missing.length > 0 ? `not permitted without ${missing.join(' and ')}` : reason;
}

function howItWorks(trial: HookTrial, taken: HookTrial | undefined): string {
  const works = trial.warning === undefined ? 'works' : `attaches, not proven: ${trial.warning}`;
  return trial === taken ? `${works}; capture takes it` : works;
}

function remedyOf({ hook, works, reason, warning }: HookTrial, machine: Machine): string {
  if (works) return warning === undefined ? '' : 'see that the loopback interface is up';
  const isPoor = machine.missing.length > 0 || !machine.isInitialUserNamespace;
  if (isPoor && isForbidden(reason)) return 'see privileges';
  if (machine.btf.problem) return 'see btf';
  if (isMemlockShort(machine.memlock)) return 'see memlock';
  if (machine.paranoid !== undefined && /^(kprobe|tracepoint):/.test(hook)) return 'see perf events';
  return hook.startsWith('tracepoint:') && machine.tracefsProblem ? 'see tracefs' : '';
}
