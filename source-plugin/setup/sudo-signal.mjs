import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

function read(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The program behind sudo, which may have a monitor process in between; the sudo itself while there is none. */
function behindSudo(pid) {
  const [child] = read(`/proc/${pid}/task/${pid}/children`).split(' ');
  return read(`/proc/${pid}/comm`) === 'sudo' && child ? behindSudo(Number(child)) : pid;
}

/**
 * Sends a signal to a program run through sudo. While that is root's, only root may; and sudo doesn't pass on what
 * comes from its own process group. So a second sudo sends it to the program.
 */
export function signalThroughSudo(child, signal) {
  const pid = behindSudo(child.pid);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'EPERM') return;
    const args = ['-n', '--', 'kill', '-s', signal.slice(3), '--', String(pid)];
    spawn('sudo', args, { stdio: 'ignore' }).on('error', () => {});
  }
}
