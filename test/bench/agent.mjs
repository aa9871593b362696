// The program under test, as a person runs it, its stdout in a file in memory.
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { child, JsonProgram, outputPath } from './scratch.mjs';

export const MAIN = fileURLToPath(new URL('../../dist/source-plugin/main.js', import.meta.url));
const DEADLINE_MS = 10_000;
const AT_REST_MS = 300;

/** Hooks that are measured, by their short names: the best, and the two that any kernel has. */
export const VARIANTS = [
  { name: 'fentry', options: ['--hook', 'fentry:__inet_accept'] },
  { name: 'tracepoint', options: ['--hook', 'tracepoint:sys_exit_accept'] },
  { name: 'tp_btf', options: ['--hook', 'tp_btf:sys_exit'] },
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
  static async start(options = [], isReady = ({ size }) => size > 0) {
    const agent = new Agent(options);
    await until(
      () => `the program is ready: ${agent.#stderr}`,
      () => isReady(agent) || agent.#ended(),
    );
    if (agent.#ended()) throw new Error(`the program ended before it was ready: ${agent.#stderr}`);
    return agent;
  }

  constructor(options) {
    const rows = openSync(this.#path, 'w');
    this.#child = child([process.execPath, MAIN, ...options], { stdio: ['ignore', rows, 'pipe'] });
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

  /** Ends it; its complaints must be about loss only. `notices` are none. */
  async stop(notices = '') {
    this.#child.kill('SIGINT');
    const [code] = await this.#exit;
    const complaints = this.#stderr.replace(notices, '').replace(/^Possibly lost \d+ samples\n/gm, '');
    if (code !== 0 || complaints) throw new Error(`the program ended with ${code}: ${complaints}`);
  }
}

async function isUsable({ options }) {
  const agent = await Agent.start(options).catch(() => undefined);
  await agent?.stop();
  return agent !== undefined;
}

let usable;

/** The variants that this machine has: each has proven itself at a start. */
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
