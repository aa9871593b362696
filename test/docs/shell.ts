import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterEach } from 'vitest';
import { until } from '../support/until.js';
import { ROOT } from './markdown.js';

/** A command line in a shell with a process group of its own, as in a terminal. */
export class Shell {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exit: Promise<unknown[]>;
  stdout = '';
  stderr = '';

  /** `through` runs it: a program and its first arguments. */
  constructor(command: string, through: readonly string[] = []) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const [file = '', ...args] = [...through, 'bash', '-c', command];
    this.#child = spawn(file, args, { cwd: ROOT, detached: true, stdio });
    this.#exit = once(this.#child, 'close');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** What Ctrl-C does: every process of the group gets the signal. Resolves with the exit status. */
  async interrupt(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      process.kill(-(this.#child.pid ?? 0), 'SIGINT');
    const [code] = (await this.#exit) as [number | null];
    return code;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

const shells: Shell[] = [];
afterEach(async () => {
  for (const shell of shells.splice(0)) await shell.interrupt();
});

/** A shell that is interrupted behind the test at the latest. */
export function shellOf(command: string, through?: readonly string[]): Shell {
  const shell = new Shell(command, through);
  shells.push(shell);
  return shell;
}

/** Waits until `output` has the text; throws when the shell ends before. */
export async function waitFor(shell: Shell, what: string, output: () => string, text: string): Promise<void> {
  await until(
    () => `${what}\n${output()}\n${shell.stderr}`,
    () => {
      if (shell.ended) throw new Error(`ended before ${what}: ${shell.stderr}`);
      return output().includes(text);
    },
    40_000,
  );
}
