// The program under test, as a person runs it, its stdout in a file in memory.
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { child, JsonProgram, outputPath } from './scratch.mjs';

export const MAIN = fileURLToPath(new URL('../../dist/source-plugin/main.js', import.meta.url));
const DEADLINE_MS = 10_000;
const AT_REST_MS = 300;

// Without tracefs only the second variant of the hook can be attached: empty file systems hide it.
const HIDE_TRACEFS =
  'for at in /sys/kernel/tracing /sys/kernel/debug; do [ ! -d $at ] || mount -t tmpfs none $at; done; exec "$@"';
const WITHOUT_TRACEFS = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', HIDE_TRACEFS, 'sh'];

/** Variants of the hook: what to run the program through, and the kernel's name of its programs. */
export const VARIANTS = [
  { name: 'tracepoint', through: [], program: 'tracepoint_acce' },
  { name: 'tp_btf', through: WITHOUT_TRACEFS, program: 'tp_btf_sys_exit' },
];

async function until(what, ready) {
  const deadline = performance.now() + DEADLINE_MS;
  while (!ready()) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what()}`);
    await sleep(2);
  }
}

let runs = 0;

export class Agent {
  #child;
  #exit;
  #path = outputPath(`rows-${runs++}`);
  #stderr = '';

  /** Starts it with its arguments and waits until it is ready: when its header is there, unless told otherwise. */
  static async start(variant = VARIANTS[0], options = [], isReady = ({ size }) => size > 0) {
    const agent = new Agent(variant, options);
    await until(
      () => `the program is ready: ${agent.#stderr}`,
      () => isReady(agent) || agent.#ended(),
    );
    if (agent.#ended()) throw new Error(`the program ended before it was ready: ${agent.#stderr}`);
    return agent;
  }

  constructor(variant, options) {
    const rows = openSync(this.#path, 'w');
    this.#child = child([...variant.through, process.execPath, MAIN, ...options], { stdio: ['ignore', rows, 'pipe'] });
    closeSync(rows);
    this.#child.stderr.on('data', (bytes) => {
      this.#stderr += bytes;
    });
    this.#exit = once(this.#child, 'close');
  }

  #ended() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get stderr() {
    return this.#stderr;
  }

  get size() {
    return statSync(this.#path).size;
  }

  /** Waits until no more rows come. */
  async atRest() {
    let size = -1;
    while (size !== this.size) {
      size = this.size;
      await sleep(AT_REST_MS);
    }
  }

  /** CPU time of all its threads, user and system, in nanoseconds. */
  cpuNs() {
    const tasks = `/proc/${this.#child.pid}/task`;
    const times = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
    return times.reduce((sum, time) => sum + Number(time), 0);
  }

  /** A size of /proc/PID/status, in megabytes (10^6). */
  megabytes(field) {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return (Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  }

  /** Rows of one accepting process. */
  rowsOf(pid) {
    const rows = readFileSync(this.#path);
    const start = `\n${String(pid).padEnd(7)} `;
    let count = 0;
    for (let at = rows.indexOf(start); at >= 0; at = rows.indexOf(start, at + 1)) count += 1;
    return count;
  }

  /** Ends it; its complaints must be about loss only. What it said to be ready is none. */
  async stop(ready = '') {
    this.#child.kill('SIGINT');
    const [code] = await this.#exit;
    const complaints = this.#stderr.replace(ready, '').replace(/^Possibly lost \d+ samples\n/gm, '');
    if (code !== 0 || complaints) throw new Error(`the program ended with ${code}: ${complaints}`);
  }
}

/** Our programs in the kernel, as bpfstat.c tells them. */
async function loadedPrograms() {
  const kernel = new JsonProgram('bench/bpfstat.c');
  const { programs } = await kernel.ask();
  await kernel.end();
  return programs;
}

async function isUsable({ name, through, program }) {
  if (name === 'tracepoint' && !existsSync('/sys/kernel/tracing/events/syscalls')) return false;
  const before = new Set((await loadedPrograms()).map(({ id }) => id));
  const agent = await Agent.start({ name, through, program });
  const loaded = (await loadedPrograms()).filter(({ id }) => !before.has(id));
  await agent.stop();
  return loaded.some((one) => one.name === program);
}

let usable;

/** The variants that this machine has: each was started, and the kernel showed its programs. */
export async function usableVariants() {
  usable ??= (async () => {
    const found = [];
    for (const variant of VARIANTS) if (await isUsable(variant)) found.push(variant);
    return found;
  })();
  return usable;
}

/** Accepts of one process on one thread: connect, accept, close. `rate` is accepts per second, 0 without a limit. */
export async function burst(count, rate = 0) {
  const generator = new JsonProgram('workload/burst.c', [`count=${count}`, `rate=${rate}`]);
  const { pid } = await generator.next();
  const { elapsed_us: elapsed } = await generator.ask();
  await generator.end();
  return { pid, seconds: elapsed / 1e6, perSecond: (count * 1e6) / elapsed };
}
