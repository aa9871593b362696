import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { HEADER } from './reference.js';
import { until } from './until.js';

// Where it is for real: it starts only when it is what node was given.
export const MAIN = realpathSync(fileURLToPath(new URL('../../dist/source-plugin/main.js', import.meta.url)));

export interface ProgramOptions {
  /** Where stdout goes; not given: to this process. */
  readonly stdout?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Goes to the same place as stdout. */
  readonly mergeStderr?: boolean;
  /** The program and its first arguments; not given: this build under this Node.js. */
  readonly command?: readonly string[];
  /** A command that runs the command it is given, such as `setpriv --nnp`. */
  readonly through?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The command as a person runs it. */
export class Program {
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const ids = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const { through = [], command: own = [process.execPath, MAIN] } = options;
    const [command = '', ...rest] = [...through, ...own, ...args];
    const stdout = options.stdout ?? 'pipe';
    this.#child = spawn(command, rest, {
      stdio: ['ignore', stdout, options.mergeStderr ? stdout : 'pipe'],
      env: { ...process.env, ...options.env },
      ...ids,
    });
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#stdout.push(bytes));
    this.#child.stderr?.on('data', (bytes: Buffer) => this.#stderr.push(bytes));
    this.exit = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
  }

  /** Runs it until its header is out. */
  static async live(args: readonly string[], options: ProgramOptions = {}): Promise<Program> {
    const program = new Program(args, options);
    await program.until('the header', (text) => text.includes(`${HEADER}\n`));
    return program;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stdout(): string {
    return this.stdoutBytes.toString('utf8');
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString('utf8');
  }

  /** The lines after the header. */
  get rows(): string[] {
    return rowsOf(this.stdout);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits for something in stdout; throws with what there was when the program ended or the time is up. */
  async until(what: string, ready: (stdout: string) => boolean): Promise<void> {
    const state = () => `${what}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr}`;
    await until(state, () => {
      if (ready(this.stdout)) return true;
      if (this.hasExited) throw new Error(`ended before ${state()}`);
      return false;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(name: NodeJS.Signals = 'SIGINT'): Promise<Exit> {
    this.signal(name);
    return this.exit;
  }

  /** Closes our end of its stdout. */
  closeStdout(): void {
    (this.#child.stdout as Readable).destroy();
  }

  /** A field of /proc/PID/status, its values split. */
  status(field: string): string[] {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const line = text.split('\n').find((one) => one.startsWith(`${field}:`));
    return (
      line
        ?.slice(field.length + 1)
        .trim()
        .split(/\s+/) ?? []
    );
  }

  /** What each thread is doing in the kernel: number and arguments of the system call, or `running`. */
  systemCalls(): string[] {
    return filesIn(`/proc/${this.pid}/task`, 'syscall');
  }

  /** How the kernel names its links to hooks: `perf` for a tracepoint, `raw_tracepoint` for a BTF one. */
  linkTypes(): string[] {
    return filesIn(`/proc/${this.pid}/fdinfo`).flatMap((text) => /^link_type:\s*(\w+)$/m.exec(text)?.[1] ?? []);
  }

  /** What the kernel has for it: ids of BPF programs, maps or links that it holds. */
  bpfIds(kind: 'prog' | 'map' | 'link'): number[] {
    const infos = filesIn(`/proc/${this.pid}/fdinfo`);
    return infos.flatMap((text) =>
      [...text.matchAll(new RegExp(`^${kind}_id:\\s*(\\d+)$`, 'gm'))].map((found) => Number(found[1])),
    );
  }
}

/** The files of a folder of procfs, or those of that name in its folders; what is gone by then is left out. */
function filesIn(folder: string, name = ''): string[] {
  return readdirSync(folder).flatMap((entry) => {
    try {
      return [readFileSync(join(folder, entry, name), 'utf8')];
    } catch {
      return [];
    }
  });
}

/** The lines of an output behind its header. */
export function rowsOf(text: string): string[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.slice(lines.findIndex((line) => line.endsWith(HEADER)) + 1);
}

/** Runs the command to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Program & Exit> {
  const program = new Program(args, options);
  return Object.assign(program, await program.exit);
}

/** What `Possibly lost N samples` adds up to. */
export function lostSamples(stderr: string): number {
  return [...stderr.matchAll(/^Possibly lost (\d+) samples$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}
