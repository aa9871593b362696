import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, foreground } from './run.mjs';
import { SetupError } from './say.mjs';

export const isRoot = () => process.geteuid() === 0;

const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/** @param status text of /proc/self/status */
export function mayCapture(status) {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (capability) => ((effective >> capability) & 1n) === 1n;
  return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
}

export const canCapture = () => isRoot() || mayCapture(readFileSync('/proc/self/status', 'utf8'));

// An owner without a home (a clone mounted into a container) keeps npm's cache in the clone.
function accountOf(uid, root) {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [user = String(uid), , , , , home = ''] =
    lines.map((line) => line.split(':')).find((line) => line[2] === String(uid)) ?? [];
  return { user, home: existsSync(home) ? home : join(root, 'dist/.setup/home') };
}

// npm tells its scripts where the caller's own files are; another user must not write there.
const CALLERS_OWN = ['npm_config_cache', 'npm_config_userconfig', 'npm_config_init_module', 'npm_config_prefix'];

/**
 * Spawn options that make a program work as the clone's owner: {} unless root works in another user's clone.
 * Then nothing root-owned can come into the clone.
 */
export function asOwner(root) {
  const { uid, gid } = statSync(root);
  if (!isRoot() || uid === 0) return {};
  const { user, home } = accountOf(uid, root);
  const env = { ...process.env, HOME: home, USER: user, LOGNAME: user };
  for (const name of CALLERS_OWN) delete env[name];
  return { uid, gid, env };
}

/** Whether there is a terminal on which sudo can ask for a password. */
function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes sure that `program` can be run through sudo, asking for the password where that is possible.
 * @returns {Promise<boolean>} false when this user may not
 */
export async function maySudo(program) {
  const quiet = await attempt(['sudo', '-n', '--', program, '--version']);
  if (quiet.status === 0) return true;
  if (quiet.status === 127 || !hasTerminal()) return false;
  return (await foreground(['sudo', '-v'])) === 0;
}

/**
 * The command with sudo in front where the caller isn't root. `settings` are NAME=value for its environment;
 * `purpose` and `remedy` are told when the caller may not.
 */
export async function privileged(command, { settings = [], purpose, remedy }) {
  if (isRoot()) return [...(settings.length > 0 ? ['env', ...settings] : []), ...command];
  if (await maySudo(command[0])) return ['sudo', ...settings, '--', ...command];
  throw new SetupError(`${purpose} needs root, and this user may not use sudo here`, { remedy });
}
