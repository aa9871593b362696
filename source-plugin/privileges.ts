const NOBODY = 65534;

/**
 * Becomes an ordinary user for good: the one who called sudo, else nobody. Capture needs its privileges only to
 * load and attach; the C library changes every thread, and the kernel clears all capabilities with the last uid 0.
 * Does nothing for a process that is not root.
 */
export function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  const uid = callerId('SUDO_UID');
  const gid = callerId('SUDO_GID');
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function callerId(name: string): number {
  const id = process.env[name] ?? '';
  return /^[1-9]\d{0,9}$/.test(id) ? Number(id) : NOBODY;
}
