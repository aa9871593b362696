import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { PART } from '../container/names.js';
import { wholeOf } from '../container/whole.js';
import { fileError } from './errors.js';
import { rename } from './finish.js';
import { filesOf, type Target } from './names.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/**
 * Finishes what a process that was killed, or a power cut, left unfinished: each such file is cut behind its last whole
 * block and gets its final name; one without a block is removed. `tell` hears of each. Only for who has the lock.
 */
export function finishLeftovers(target: Target, tell: (message: string) => void): void {
  for (const { path } of filesOf(target).parts) tell(finishLeftover(path));
}

function finishLeftover(path: string): string {
  const fd = openPart(path);
  try {
    const { size } = fstatSync(fd);
    const whole = size === 0 ? { bytes: 0, records: 0 } : wholeOf(fd);
    if (!whole) return `${path} is no recording and left as it is: it does not start as one`;
    if (whole.records === 0) return remove(path);
    ftruncateSync(fd, whole.bytes);
    fsyncSync(fd);
    rename(path);
    const cut = size > whole.bytes ? `, ${size - whole.bytes} bytes of a torn block cut off` : '';
    return `finished ${basename(path, PART)}, which was left unfinished: ${whole.records} records${cut}`;
  } catch (cause) {
    throw fileError('finish', path, cause);
  } finally {
    closeSync(fd);
  }
}

function openPart(path: string): number {
  try {
    return openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw fileError('finish', path, cause);
  }
}

function remove(path: string): string {
  unlinkSync(path);
  return `removed ${path}, which was left without a whole record`;
}
