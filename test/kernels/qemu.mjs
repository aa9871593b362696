import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';

// Without KVM, which build machines seldom have.
const MACHINE = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1536'];
const PLAIN = ['-nodefaults', '-no-reboot', '-nographic', '-display', 'none'];
const APPEND = 'console=ttyS0 panic=-1 quiet';
const CONSOLE_TAIL = 3_000;
const EXIT = /^guest: exit (\d+)\r?$/m;
const START = /guest: start\r?\n/;

/**
 * Boots a guest, runs a shell script in it as root and waits for its end.
 * @param {{kernel: object, emulator: object, system: Buffer, extra?: Archive}} parts
 * @param {string} script
 * @param {{timeoutMs: number, onOutput?: (bytes: Buffer) => void, onError?: (bytes: Buffer) => void}} options
 * @returns {Promise<{status: number, stdout: string, console: string}>} rejects when the guest did not reach its end
 */
export async function runGuest({ kernel, emulator, archives }, { timeoutMs, onOutput = () => {}, onError = () => {} }) {
  const scratch = temporaryFolder(join(tmpdir(), 'acceptstream-guest-'));
  try {
    const initrd = join(scratch.path, 'initrd');
    writeFileSync(initrd, Buffer.concat(archives));
    const devices = ['-serial', 'stdio', '-chardev', 'socket,id=stdout,fd=3', '-serial', 'chardev:stdout'];
    const boot = ['-kernel', kernel.vmlinuz, '-initrd', initrd, '-append', APPEND];
    const argv = [...emulator.argv, ...MACHINE, ...PLAIN, ...devices, ...boot];
    return await finish(start(argv), { timeoutMs, onOutput, onError });
  } finally {
    scratch.remove();
  }
}

// The parent-death signal: a guest never outlives us.
function start(argv) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
}

function finish(child, { timeoutMs, onOutput, onError }) {
  return new Promise((resolve, reject) => {
    const text = { console: '', stdout: '', emulator: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.setEncoding('latin1').on('data', (bytes) => {
      text.console += bytes;
      onError(bytes);
    });
    child.stderr.on('data', (bytes) => {
      text.emulator += bytes;
    });
    child.stdio[3].on('data', (bytes) => {
      text.stdout += bytes;
      onOutput(bytes);
    });
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      clearTimeout(timer);
      const end = EXIT.exec(text.console);
      if (end) return resolve({ status: Number(end[1]), ...text });
      const why = signal === 'SIGKILL' ? `did not end within ${timeoutMs / 1000} s` : 'ended too early';
      reject(new Error(`the guest ${why}:\n${text.emulator}${text.console.slice(-CONSOLE_TAIL)}`));
    });
  });
}

/** What a guest's program said to stderr, among what its console shows. */
export function stderrOf(text) {
  const begin = START.exec(text);
  if (!begin) return '';
  const rest = text.slice(begin.index + begin[0].length);
  return rest.slice(0, EXIT.exec(rest)?.index);
}
