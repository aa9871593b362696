import { type ChildProcess, spawn } from 'node:child_process';
import { programs } from './programs.js';
import { until } from './until.js';

/** The other end of NOTIFY_SOCKET. */
export class Manager {
  readonly #child: ChildProcess;
  #text = '';

  private constructor(address: string) {
    this.#child = spawn(programs().manager, [address], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
  }

  /** Listens at a path, or at an abstract name behind '@'. */
  static async at(address: string): Promise<Manager> {
    const manager = new Manager(address);
    await until('the socket of the manager', () => manager.#text.startsWith('ready\n'));
    return manager;
  }

  /** What `pid` told so far, a message a line, its own lines joined by blanks. */
  told(pid: number): string[] {
    const own = `${pid} `;
    const lines = this.#text.split('\n').slice(1, -1);
    return lines.filter((line) => line.startsWith(own)).map((line) => line.slice(own.length));
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
