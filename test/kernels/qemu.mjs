import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';

// Without KVM, which build machines seldom have.
const MEGABYTES = 1536;
const MACHINE = ['-accel', 'tcg,thread=multi', '-smp', '2', '-m', `${MEGABYTES}`];
/** What a guest takes of the host's memory, the emulator and its archives included. */
export const GUEST_BYTES = (MEGABYTES + 512) * 2 ** 20;

const PLAIN = ['-nodefaults', '-no-reboot', '-nographic', '-display', 'none'];
// The console is ours but for a panic. On a busy host a guest's CPU stands still now and then: what the kernel would read into that, it is told not to.
const PATIENCE = 'no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1';
// arm64 says nothing of a program that crashes, unless asked.
const CRASHES = 'sysctl.debug.exception-trace=1';
// The console, and what the command prints: through a socket, which the emulator can have from us.
const PORTS = ['-serial', 'stdio', '-chardev', 'socket,id=stdout,fd=3', '-serial', 'chardev:stdout'];
const BOOT_MS = 300_000;
const CONSOLE_TAIL = 3_000;
const EXIT = /^guest: exit (\d+)\r?$/m;
const START = /guest: start\r?\n/;

/**
 * Boots a guest, which runs /command of its archives as root, and waits for its end. A guest that does not even begin
 * to is started once more: that is the emulator's doing.
 * @param {{kernel: object, emulator: object, archives: Buffer[]}} parts
 * @param {{timeoutMs: number, onOutput?: (text: string) => void}} options
 * @returns {Promise<{status: number, stdout: string, console: string}>} rejects when the guest did not reach its end,
 *   with what there is of its stdout
 */
export async function runGuest({ kernel, emulator, archives }, { timeoutMs, onOutput = () => {} }) {
  const scratch = temporaryFolder(join(tmpdir(), 'acceptstream-guest-'));
  try {
    const { machine, console } = kernel.architecture;
    const initrd = join(scratch.path, 'initrd');
    writeFileSync(initrd, Buffer.concat(archives));
    const boot = [
      '-kernel',
      kernel.vmlinuz,
      '-initrd',
      initrd,
      '-append',
      `console=${console} panic=-1 loglevel=1 ${PATIENCE} ${CRASHES}`,
    ];
    const argv = [...emulator.argv, ...machine, ...MACHINE, ...PLAIN, ...PORTS, ...boot];
    const first = await finish(start(argv), { timeoutMs, onOutput });
    return ended(first.started ? first : await finish(start(argv), { timeoutMs, onOutput }), timeoutMs);
  } finally {
    scratch.remove();
  }
}

// The parent-death signal: a guest never outlives us.
function start(argv) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
}

function collect(stream, onText = () => {}) {
  const collected = { text: '' };
  stream.setEncoding('utf8').on('data', (text) => {
    collected.text += text;
    onText(text);
  });
  return collected;
}

async function finish(child, { timeoutMs, onOutput }) {
  const kill = () => child.kill('SIGKILL');
  const timer = setTimeout(kill, timeoutMs);
  const bootTimer = setTimeout(kill, BOOT_MS);
  const screen = collect(child.stdout, () => {
    if (START.test(screen.text)) clearTimeout(bootTimer);
  });
  const stdout = collect(child.stdio[3], onOutput);
  const complaints = collect(child.stderr);
  const [, signal] = await once(child, 'close');
  clearTimeout(timer);
  clearTimeout(bootTimer);
  const started = START.test(screen.text);
  return { started, signal, stdout: stdout.text, console: screen.text, complaints: complaints.text };
}

function ended({ signal, stdout, console, complaints }, timeoutMs) {
  const end = EXIT.exec(console);
  if (end) return { status: Number(end[1]), stdout, console };
  const why = signal === 'SIGKILL' ? `did not end within ${timeoutMs / 1000} s` : 'ended too early';
  const error = new Error(`the guest ${why}:\n${complaints}${console.slice(-CONSOLE_TAIL)}`);
  throw Object.assign(error, { stdout });
}

/** What a guest's program said to stderr, among what its console shows. */
export function stderrOf(text) {
  const begin = START.exec(text);
  if (!begin) return '';
  const rest = text.slice(begin.index + begin[0].length);
  return rest.slice(0, EXIT.exec(rest)?.index);
}
