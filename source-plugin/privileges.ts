import { dropCapabilities } from '../native/index.js';
import { log } from './log.js';

const NOBODY = 65534;

/**
 * Becomes an ordinary user for good: root the one who called sudo, else nobody, others without their capabilities.
 * Capture needs its privileges only to load and attach.
 */
export function dropPrivileges(): void {
  if (process.getuid?.() === 0 && becomeOrdinary()) return;
  const left = dropCapabilities();
  if (left > 0) log.warn(`${left} threads keep their capabilities: this C library gives no way to drop them`);
}

/**
 * The C library changes every thread, and the kernel clears all capabilities with the last uid 0. False for root who
 * may not, as in a container without CAP_SETUID and CAP_SETGID.
 */
function becomeOrdinary(): boolean {
  try {
    changeUser();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return false;
  }
}

function changeUser(): void {
  const uid = callerId('SUDO_UID');
  const gid = callerId('SUDO_GID');
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** Whether this is root for whom nobody called sudo: what it writes is its own. */
export function actsForItself(): boolean {
  return process.getuid?.() === 0 && callerId('SUDO_UID') === NOBODY;
}

function callerId(name: string): number {
  const id = process.env[name] ?? '';
  return /^[1-9]\d{0,9}$/.test(id) ? Number(id) : NOBODY;
}
