// Files and programs of one run; all of them go with it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TEST = fileURLToPath(new URL('..', import.meta.url));
const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread'];
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const folders = new Map();
const children = new Set();
const built = new Map();

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

function folderIn(parent) {
  if (!folders.has(parent)) folders.set(parent, mkdtempSync(join(parent, 'acceptstream-bench-')));
  return folders.get(parent);
}

/** Path of an output file: in memory, so that no disk is measured. */
export const outputPath = (name) => join(folderIn(MEMORY), name);

/** Path of a file that is too large for memory. */
export const storedPath = (name) => join(folderIn(tmpdir()), name);

/** Path of a C program of test/, compiled on first use. */
export function program(source) {
  if (!built.has(source)) {
    const target = join(folderIn(tmpdir()), source.replaceAll('/', '-').replace(/\.c$/, ''));
    execFileSync('cc', [...FLAGS, '-o', target, source], { cwd: TEST, stdio: ['ignore', 'ignore', 'inherit'] });
    built.set(source, target);
  }
  return built.get(source);
}

/** A child that is killed when this process ends. */
export function child([file, ...args], options) {
  const started = spawn(file, args, options);
  children.add(started);
  started.once('exit', () => children.delete(started));
  return started;
}

/** What a command that ends well writes. */
export async function outputOf(argv) {
  const started = child(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    started[name].on('data', (bytes) => {
      texts[name] += bytes;
    });
  const [code] = await once(started, 'close');
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}: ${texts.stderr}`);
  return texts;
}

/** A program that answers each line on its stdin with a line of JSON. */
export class JsonProgram {
  #child;
  #exit;
  #lines;

  constructor(source, args = []) {
    this.#child = child([program(source), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exit = once(this.#child, 'exit');
    // It may end before it is told to.
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async next() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnfile} ended without an answer`);
    return JSON.parse(value);
  }

  ask() {
    this.#child.stdin.write('\n');
    return this.next();
  }

  async end() {
    this.#child.stdin.end();
    await this.#exit;
  }
}

/** One line of JSON from a program that ends by itself. */
export function answer(source, args) {
  return JSON.parse(execFileSync(program(source), args, { encoding: 'utf8' }));
}
