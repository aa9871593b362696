import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 90_000;
const POLL_MS = 50;
const LOG_TAIL = 2_000;

/** A Java server of ours. Its process ends with this one, however that ends. */
export class Server {
  #child;
  #ended;
  #options;

  /**
   * @param {{name: string, argv: string[], env?: object, log: string, ready: () => Promise<boolean>}} options
   * `env` is beside this process's own
   */
  constructor(options) {
    this.#options = options;
    // Before the folder of its data goes, which its own exit handler does.
    process.prependListener('exit', () => this.#child?.kill('SIGKILL'));
  }

  get pid() {
    return this.#child?.pid ?? -1;
  }

  get isRunning() {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process that runs now has ended. */
  get ended() {
    return this.#ended;
  }

  /** Starts it and waits until it serves; rejects with the end of its log when it can't. */
  async start() {
    const log = openSync(this.#options.log, 'a');
    // The parent-death signal also reaches a server whose parent was killed.
    const argv = ['--pdeathsig', 'KILL', 'java', ...this.#options.argv];
    const env = { ...process.env, ...this.#options.env };
    this.#child = spawn('setpriv', argv, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#ended = once(this.#child, 'exit').catch(() => {});
    const deadline = performance.now() + START_MS;
    while (!(await this.#options.ready())) {
      if (!this.isRunning || performance.now() > deadline) throw this.#failure();
      await sleep(POLL_MS);
    }
  }

  /** Sends a signal; waits for the end when the signal is one that ends it. */
  async kill(signal = 'SIGKILL') {
    if (!this.isRunning) return;
    this.#child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#ended;
  }

  /** Stops its threads until `resume`: its sockets stay open and nothing answers. */
  pause() {
    return this.kill('SIGSTOP');
  }

  resume() {
    return this.kill('SIGCONT');
  }

  /** Starts it again with the data and the ports it had, by kill -9 first if it still runs. */
  async restart() {
    await this.kill();
    await this.start();
  }

  #failure() {
    const state = this.isRunning ? `not ready within ${START_MS} ms` : 'ended at its start';
    return new Error(`${this.#options.name} ${state}:\n${readFileSync(this.#options.log, 'utf8').slice(-LOG_TAIL)}`);
  }
}
