import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { checkFilter } from '../filter-core/conditions.js';
import type { Filter } from '../filter-core/index.js';
import { type Counters, type Drained, HOOKS, type Hook } from '../native/index.js';
import { AcceptstreamError } from '../schemas/error.js';
import type { Source } from './contracts.js';
import { bootId, hostId } from './host.js';
import { kernelFilter } from './kernel-filter.js';
import { climb } from './ladder.js';
import { DEFAULT_RING_BYTES } from './ring.js';

/**
 * Which accepts the kernel lets pass (all ANDed), and how. It applies all of the filter but `containers`, `since`,
 * `until` and `rateLimit`: a core with the same filter applies these, too.
 */
export interface LiveOptions extends Filter {
  /** Paths of pinned BPF hash maps whose keys are cgroup ids or mount namespace inodes. */
  readonly cgroupMap?: string;
  readonly mntnsMap?: string;
  /** Power of two and multiple of the page size. */
  readonly ringBytes?: number;
  /** Only this hook; default: the first of HOOKS that loads, attaches and proves that it sees. */
  readonly hook?: Hook;
}

/** The accepts of this host, from now on. */
export interface LiveSource extends Source {
  readonly hook: Hook;
  readonly captureId: string;
  read(target: Uint8Array): Drained;
  position(): number;
  commit(position: number): void;
  seek(position: number): void;
  detach(): void;
  close(): void;
  counters(): Counters;
}

/** Starts capture. Throws AcceptstreamError USAGE, PERMISSION, KERNEL or MAP. */
export function openLive(options: LiveOptions = {}): LiveSource {
  checkOptions(options);
  const { ringBytes = DEFAULT_RING_BYTES } = options;
  const captureId = randomUUID();
  const identity = { captureId, host: hostname(), hostId: hostId(), bootId: bootId() };
  const { capture, hook } = climb({ ...options, ...kernelFilter(options), ...identity, ringBytes });
  return {
    hook,
    captureId,
    read: (target) => capture.drain(target),
    position: () => capture.position(),
    commit: (position) => capture.commit(position),
    seek: (position) => capture.seek(position),
    detach: () => capture.detach(),
    close: () => capture.close(),
    counters: () => capture.counters(),
  };
}

function checkOptions(options: LiveOptions): void {
  const { ringBytes = DEFAULT_RING_BYTES, hook } = options;
  checkFilter(options);
  if (!Number.isInteger(Math.log2(ringBytes)) || ringBytes < 4096 || ringBytes > 2 ** 30)
    throw usage('ringBytes', `ringBytes must be a power of two from 4096 to 1073741824, not ${ringBytes}`);
  if (hook !== undefined && !HOOKS.includes(hook)) throw usage('hook', `hook must be one of ${HOOKS.join(', ')}`);
  for (const key of ['cgroupMap', 'mntnsMap'] as const) {
    if (!['undefined', 'string'].includes(typeof options[key])) throw usage(key, `${key} must be a path`);
  }
}

function usage(operation: string, message: string): AcceptstreamError {
  return new AcceptstreamError('USAGE', operation, message);
}
