import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { AcceptstreamError } from '../schemas/error.js';
import { type Failed, openError } from './failure.js';
import { type KernelFilter, nativeFilter } from './filter.js';
import type { Hook } from './hooks.js';

/** What every record of a capture says of its origin. Valid UTF-16 strings. */
export interface Identity {
  readonly host: string;
  readonly hostId: string;
  readonly captureId: string;
  /** Random UUID of this boot of the kernel; '' when unknown, and then no process has an entity_id. */
  readonly bootId: string;
}

export interface CaptureOptions extends Identity, KernelFilter {
  readonly hook: Hook;
  /** Size of the kernel ring: a power of two and a multiple of the page size. */
  readonly ringBytes: number;
}

/** Whole datums in the caller's buffer; `position` is the ring offset behind them. */
export interface Drained {
  readonly bytes: number;
  readonly records: number;
  readonly position: number;
}

/** Accepts since the capture was opened, over all CPUs. At rest: seen = filtered + submitted + lost. */
export interface Counters {
  readonly seen: number;
  readonly filtered: number;
  /** Put on the ring. */
  readonly submitted: number;
  /** Not put on the ring because it was full. */
  readonly lost: number;
  /** Runs that the kernel itself skipped; outside `seen`. */
  readonly missed: number;
  /** The capture's own, by which it proved its hook; outside `seen`. */
  readonly probe: number;
}

interface Handle {
  open(options: Record<string, unknown>): Failed | undefined;
  drain(target: Uint8Array): Drained | number;
  position(): number;
  commit(position: number): number;
  seek(position: number): number;
  counters(): Counters;
  unproven(): string;
  detach(): void;
  close(): void;
}

interface Addon {
  readonly Capture: new () => Handle;
  encode(events: Uint8Array, identity: Identity, target: Uint8Array): number;
  hungUp(fd: number): boolean;
  lockFile(fd: number): number;
  dropCapabilities(): number;
  libbpfVersion(): string;
  notify(path: string, text: string): number;
  utcOffset(seconds: number): number;
}

export type { KernelFilter, Net } from './filter.js';
export { HOOKS, type Hook } from './hooks.js';

const require = createRequire(import.meta.url);

function loadAddon(): Addon {
  try {
    return require('#dist/acceptstream.node') as Addon;
  } catch (cause) {
    throw new AcceptstreamError('SETUP', 'load the addon', addonRemedy(cause), cause);
  }
}

function addonRemedy(cause: unknown): string {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return reason.includes('libbpf.so.1')
    ? 'libbpf.so.1 is missing: install the libbpf package of your distribution (Debian: apt-get install libbpf1)'
    : `the native addon does not load (${reason}): npm rebuild acceptstream makes it for this machine, in a clone npm run build`;
}

const addon = loadAddon();

/** One load of the kernel programs, its ring and counters. Calls are synchronous and belong to one thread. */
export class Capture {
  #open: Handle | undefined;

  private constructor(handle: Handle) {
    this.#open = handle;
  }

  /**
   * Loads and attaches the programs of one hook, and proves by accepts of our own on loopback that they see.
   * Throws AcceptstreamError PERMISSION, KERNEL or MAP; its cause is all that the kernel and libbpf said.
   */
  static open(options: CaptureOptions): Capture {
    const handle = new addon.Capture();
    const failed = handle.open(nativeOptions(options));
    if (failed) throw openError(failed, options);
    return new Capture(handle);
  }

  /** Writes datums from the read position on, as many as fit; needs room for one (about 10 KiB). */
  drain(target: Uint8Array): Drained {
    const drained = this.#handle.drain(target);
    if (typeof drained === 'number') throw ringError('read the ring', drained);
    return drained;
  }

  /** Ring offset of the next drain. */
  position(): number {
    return this.#handle.position();
  }

  /** Gives the ring back to the kernel up to `position`. Throws RING outside [committed, read position]. */
  commit(position: number): void {
    check('commit to the ring', this.#handle.commit(position));
  }

  /** Reads again from `position`. Throws RING outside [committed, read position]. */
  seek(position: number): void {
    check('seek in the ring', this.#handle.seek(position));
  }

  /** Why the hook could not be proven by an accept of our own, in the system's words; undefined when it was. */
  unproven(): string | undefined {
    return this.#handle.unproven() || undefined;
  }

  counters(): Counters {
    return this.#handle.counters();
  }

  /** Takes the programs off their hooks; what is in the ring can still be drained. */
  detach(): void {
    this.#handle.detach();
  }

  /** Unloads everything. Later calls throw RING, but for close. */
  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  get #handle(): Handle {
    if (!this.#open) throw new AcceptstreamError('RING', 'use the capture', 'the capture is closed: open another one');
    return this.#open;
  }
}

/** Encodes length-prefixed kernel events (u32, then bpf/event.h) to datums; returns the bytes written to `target`. */
export function encodeEvents(events: Uint8Array, identity: Identity, target: Uint8Array): number {
  const bytes = addon.encode(events, identity, target);
  if (bytes < 0) throw ringError('encode events', bytes);
  return bytes;
}

/** Whether the reader of a pipe or the peer of a socket is gone (poll: POLLERR, POLLHUP). */
export function hungUp(fd: number): boolean {
  return addon.hungUp(fd);
}

/**
 * Takes the lock of an open file, which the kernel gives back with the descriptor, however the process ends. Returns the
 * system's name of what is against it, EAGAIN when somebody has it; undefined when it is taken.
 */
export function lockFile(fd: number): string | undefined {
  const error = addon.lockFile(fd);
  return error < 0 ? getSystemErrorName(error) : undefined;
}

/** Clears the capabilities of every thread, for good. Returns how many threads keep some. Throws INTERNAL. */
export function dropCapabilities(): number {
  const left = addon.dropCapabilities();
  if (left >= 0) return left;
  throw new AcceptstreamError('INTERNAL', 'drop capabilities', `cannot drop capabilities: ${getSystemErrorName(left)}`);
}

/**
 * Sends a text to a service manager's datagram socket, a path or, behind '@', an abstract name. Throws INTERNAL with the
 * kernel's reason; waits a second at most.
 */
export function notify(path: string, text: string): void {
  const error = addon.notify(path, text);
  if (error < 0)
    throw new AcceptstreamError('INTERNAL', 'notify', `cannot notify ${path}: ${getSystemErrorName(error)}`);
}

/** Version of the libbpf that is loaded, such as 1.5. */
export function libbpfVersion(): string {
  return addon.libbpfVersion().replace(/^v/, '');
}

/** Seconds east of UTC at an instant (seconds since the epoch), by the C library's reading of TZ. */
export function utcOffset(seconds: number): number {
  return addon.utcOffset(seconds);
}

function nativeOptions(options: CaptureOptions): Record<string, unknown> {
  const { host, hostId, bootId, captureId, hook, ringBytes } = options;
  const object = require.resolve(`#dist/acceptstream.${process.arch}.bpf.o`);
  return { host, hostId, bootId, captureId, hook, ringBytes, object, filter: nativeFilter(options) };
}

function check(operation: string, result: number): void {
  if (result < 0) throw ringError(operation, result);
}

function ringError(operation: string, result: number): AcceptstreamError {
  return new AcceptstreamError('RING', operation, `cannot ${operation}: ${getSystemErrorName(result)}`);
}
