import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { finished, heard, SetupError, started } from './say.mjs';

const FIRST_LINES = 15;
const LAST_LINES = 30;
const children = new Set();

/** Exit status as a shell would give it: 128 + n for signal n. */
export function exitStatus(code, signal) {
  return signal ? 128 + constants.signals[signal] : code;
}

// The cause of a failure is among the first lines (a compiler) or the last (an installer).
function keepEnds(stream, lines, name) {
  let rest = '';
  const keep = (line) => {
    if (line.trim() === '') return;
    lines.push(line);
    if (lines.length > FIRST_LINES + LAST_LINES) lines.splice(FIRST_LINES, 1);
    heard(name, line);
  };
  stream.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + stripVTControlCharacters(text)).split(/[\r\n]+/);
    rest = parts.pop();
    parts.forEach(keep);
  });
  stream.on('end', () => keep(rest));
}

/**
 * Runs a program to its end without a shell, its output captured.
 * `as` holds spawn options that change the user; `held` is a descriptor the program keeps open while it lives.
 * @returns {Promise<{status: number, output: string}>} status 127 when the program can't be started
 */
export function attempt([program, ...args], { name = '', input = '', as = {}, held, cwd } = {}) {
  return new Promise((resolve) => {
    const stdio = ['pipe', 'pipe', 'pipe', ...(held === undefined ? [] : [held])];
    const child = spawn(program, args, { ...as, cwd, stdio });
    const lines = [];
    children.add(child);
    keepEnds(child.stdout, lines, name);
    keepEnds(child.stderr, lines, name);
    child.stdin.on('error', () => {}).end(input);
    child.on('error', (error) => {
      children.delete(child);
      resolve({ status: 127, output: error.message });
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ status: exitStatus(code, signal), output: lines.join('\n') });
    });
  });
}

/** `attempt` as a named step: announced, and a SetupError with the ends of its output when it fails. */
export async function run(argv, { name, remedy = '', ...options }) {
  started(name);
  try {
    const { status, output } = await attempt(argv, { name, ...options });
    if (status !== 0) throw new SetupError(`${name} failed (${argv[0]}: exit status ${status})`, { remedy, output });
  } finally {
    finished(name);
  }
}

/**
 * Runs a program in the foreground: it has our terminal and files, and its end is ours.
 * @param forward sends a signal to the child
 * @returns {Promise<number>} exit status
 */
export function foreground([program, ...args], { as = {}, forward = (child, signal) => child.kill(signal) } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...as, stdio: 'inherit' });
    const relays = new Map(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => [signal, () => forward(child, signal)]));
    for (const [signal, relay] of relays) process.on(signal, relay);
    const settle = () => {
      for (const [signal, relay] of relays) process.off(signal, relay);
    };
    child.on('error', (error) => {
      settle();
      reject(new SetupError(`${program} can't be started: ${error.message}`));
    });
    child.on('exit', (code, signal) => {
      settle();
      resolve(exitStatus(code, signal));
    });
  });
}

/** While `work` runs, a signal ends its programs first and then this process, so that none goes on alone. */
export async function interruptible(work) {
  const stop = (signal) => {
    for (const child of children) child.kill(signal);
    const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
    Promise.all(ended).then(() => process.exit(exitStatus(0, signal)));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
