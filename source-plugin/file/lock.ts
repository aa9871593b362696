import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { lockFile } from '../../native/index.js';
import { fileError, takenError } from './errors.js';
import { lockPath, type Target } from './names.js';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/** The right to write to a target. */
export interface Lock {
  /** Whether no other sink of this process had it: then what is unfinished is nobody's. */
  readonly isFirst: boolean;
  release(): void;
}

interface Held {
  readonly fd: number;
  holders: number;
}

/** Locks of this process: a sink that is configured anew is opened before its former self is closed. */
const held = new Map<string, Held>();

/** Takes the lock of a target, which ends with the process. Throws SINK when another process has it. */
export function lockTarget(target: Target): Lock {
  const path = lockPath(target);
  const fd = openLock(path);
  const { dev, ino } = fstatSync(fd);
  const key = `${dev}:${ino}`;
  const own = held.get(key);
  if (own) closeSync(fd);
  else take(path, fd);
  const lock = own ?? { fd, holders: 0 };
  lock.holders += 1;
  held.set(key, lock);
  return { isFirst: own === undefined, release: () => release(key, lock) };
}

function openLock(path: string): number {
  try {
    return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (cause) {
    throw fileError('open', path, cause);
  }
}

function take(path: string, fd: number): void {
  const refusal = lockFile(fd);
  if (refusal === undefined) return;
  closeSync(fd);
  throw takenError(path, refusal);
}

function release(key: string, lock: Held): void {
  lock.holders -= 1;
  if (lock.holders > 0) return;
  held.delete(key);
  closeSync(lock.fd);
}
