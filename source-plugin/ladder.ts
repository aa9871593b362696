import { existsSync } from 'node:fs';
import { Capture, type CaptureOptions, HOOKS, type Hook } from '../native/index.js';
import { AcceptstreamError, reasonOf } from '../schemas/error.js';
import { isInitialUserNamespace, missingCapabilities } from './capabilities.js';
import { log } from './log.js';

const BTF = '/sys/kernel/btf/vmlinux';

/** What to do about refusals, by what they say; the first that fits. */
const REMEDIES: readonly { readonly fits: (reason: string) => boolean; readonly remedy: string }[] = [
  {
    fits: (reason) => /\bE(PERM|ACCES)\b/.test(reason) && !isInitialUserNamespace(),
    remedy: 'capture is not permitted in a user namespace: run it outside, as root',
  },
  {
    fits: (reason) => /\bE(PERM|ACCES)\b/.test(reason) && missingCapabilities().length > 0,
    remedy: 'capture is not permitted: run it as root, or with CAP_BPF and CAP_PERFMON',
  },
  {
    // Before 5.11 maps count as locked memory (bpf_map_charge_init); CAP_SYS_RESOURCE lets libbpf lift the limit.
    fits: (reason) => /EPERM: map '[\w.]+': failed to create/.test(reason),
    remedy:
      'the ring is more memory than may be locked: raise ulimit -l, add CAP_SYS_RESOURCE or give a smaller --ring-bytes',
  },
  {
    fits: () => !existsSync(BTF),
    remedy: `this kernel has no BTF (${BTF}): run a kernel of 5.10 or later built with CONFIG_DEBUG_INFO_BTF`,
  },
  {
    fits: (reason) => /loading vmlinux BTF|vmlinux BTF is not found/.test(reason),
    remedy: `the BTF of this kernel (${BTF}) cannot be read: see that nothing hides or cuts it`,
  },
  {
    fits: (reason) => /attached but silent/.test(reason),
    remedy: `no hook sees an accept: see that ${BTF} is that of the running kernel`,
  },
];

export interface LadderOptions extends Omit<CaptureOptions, 'hook'> {
  /** Only this one; default: the first that works. */
  readonly hook?: Hook;
}

/** What came of trying a hook on this machine. */
export interface HookTrial {
  readonly hook: Hook;
  readonly works: boolean;
  /** Why it does not, in the kernel's words. */
  readonly reason?: string;
  /** It attached, but could not be proven: the loopback interface is down … */
  readonly warning?: string;
}

interface Climbed {
  readonly capture: Capture;
  readonly hook: Hook;
}

/**
 * Opens a capture on the first of HOOKS that loads, attaches and sees accepts of our own, or on the one asked for.
 * Throws AcceptstreamError PERMISSION or KERNEL with what the kernel said, MAP at once.
 */
export function climb(options: LadderOptions): Climbed {
  const refusals: AcceptstreamError[] = [];
  for (const hook of options.hook ? [options.hook] : HOOKS) {
    try {
      return found(Capture.open({ ...options, hook }), hook);
    } catch (error) {
      if (!(error instanceof AcceptstreamError) || isOfTheMap(error)) throw error;
      log.debug(`hook ${hook} is refused: ${error.message}`);
      refusals.push(error);
    }
  }
  throw refused(refusals, options.hook);
}

/** Whether a hook works here: loads, attaches, proves and releases it. Throws SETUP when there is no addon. */
export function tryHook(hook: Hook): HookTrial {
  try {
    const capture = Capture.open({ hook, ringBytes: 65_536, host: '', hostId: '', captureId: '', bootId: '' });
    const warning = capture.unproven();
    capture.close();
    return { hook, works: true, ...(warning !== undefined && { warning }) };
  } catch (error) {
    return { hook, works: false, reason: reasonOf(error) };
  }
}

function found(capture: Capture, hook: Hook): Climbed {
  const doubt = capture.unproven();
  if (doubt !== undefined)
    log.warn(`hook ${hook} is attached, but not proven: a connection to ourselves on loopback failed (${doubt})`);
  else log.debug(`hook ${hook} is attached and sees`);
  return { capture, hook };
}

// Every hook would find the same.
function isOfTheMap({ code, operation }: AcceptstreamError): boolean {
  return code === 'MAP' || operation.startsWith('--');
}

function refused(refusals: readonly AcceptstreamError[], forced?: Hook): AcceptstreamError {
  const reason = [...new Set(refusals.map(({ message }) => message))].join('; ');
  const subject =
    forced === undefined
      ? 'this kernel refuses capture, which needs Linux 5.10 or later: acceptstream doctor tells more'
      : 'this kernel refuses it: go without --hook, or see acceptstream doctor';
  const message = `${REMEDIES.find(({ fits }) => fits(reason))?.remedy ?? subject} (${reason})`;
  const forbidden = refusals.filter((refusal) => refusal.code === 'PERMISSION').length;
  // What this kernel has not is no matter to who may not capture at all.
  const code =
    forbidden === refusals.length || (forbidden > 0 && missingCapabilities().length > 0) ? 'PERMISSION' : 'KERNEL';
  const text = forced === undefined ? message : `--hook ${forced}: ${message}`;
  return new AcceptstreamError(code, 'start capture', text, refusals.at(-1));
}
