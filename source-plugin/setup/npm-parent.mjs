import { readFileSync } from 'node:fs';

const CHECK_MS = 1000;

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function parentOf(pid) {
  // The name, which may hold anything, ends at the last bracket.
  return Number(read(pid, 'stat').split(')').at(-1)?.trim().split(' ')[1] ?? 0);
}

const isNpm = (pid) => /^np[mx]\b/.test(read(pid, 'cmdline'));

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Ends this process, as SIGTERM does, when the npm or npx that started it is gone: a signal that only npm got ends
 * npm, and between it and us may be a shell that passes nothing on.
 */
export function endWithNpm() {
  const npm = [process.ppid, parentOf(process.ppid)].find(isNpm);
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
}
