import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '../structure/source-files.js';
import { MAIN } from '../support/program.js';
import { until } from '../support/until.js';

/** A peer's program, and how it is started with a configuration. */
export interface PeerProgram {
  readonly libraries: string;
  command(config: string, folder: string): readonly string[];
}

const START_MS = 30_000;
const WRITE_MS = 60_000;

/** Files of a test: the configuration, what acceptstream printed, what the peer wrote. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'acceptstream-peer-'));
  readonly #printed = join(this.folder, 'printed');
  /** The program's stderr: peers treat it each in their own way. */
  readonly told = join(this.folder, 'told.txt');
  readonly written = join(this.folder, 'written.json');
  readonly #writtenLines = new LineCount(this.written);

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Waits until the peer has written that many lines; what it then has written. */
  async lines(count: number, said: () => string = () => ''): Promise<string[]> {
    await until(
      () => `${count} lines of ${this.#writtenLines.now}: ${said()}`,
      () => this.#writtenLines.now >= count,
      WRITE_MS,
    );
    return linesOf(this.written);
  }

  /** The whole lines that the program printed, each of its runs into a file of its own. */
  get printed(): string[] {
    const files = readdirSync(this.folder).filter((name) => name.startsWith('printed.'));
    return files.flatMap((name) => linesOf(join(this.folder, name)));
  }

  /** How many it has written. */
  get writtenLines(): number {
    return this.#writtenLines.now;
  }

  /** Waits until programs under the peer have begun to capture as often as that. */
  async captures(times = 1): Promise<void> {
    const live = () => linesOf(this.told).filter((line) => line.includes('live by ')).length;
    await until(
      () => `capture: ${linesOf(this.told).join('\n')}`,
      () => live() >= times,
      START_MS,
    );
  }

  /** Puts a configuration of pipelines/ here, some of its texts replaced by others. */
  config(name: string, replacements: Readonly<Record<string, string>>): string {
    let text = readFileSync(join(ROOT, 'pipelines', name), 'utf8');
    for (const [from, to] of Object.entries(replacements)) {
      if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
      text = text.replaceAll(from, to);
    }
    const path = join(this.folder, basename(name));
    writeFileSync(path, text);
    return path;
  }

  /** What `acceptstream` is on the peer's path: the program with these arguments too, whose output we keep. */
  captureOf(args: readonly string[]): void {
    onTestFinished(() => {
      for (const pid of programsWith(args.at(-1) ?? '')) process.kill(pid, 'SIGKILL');
    });
    const own = ['--log-level', 'info', '--ring-bytes', '134217728', ...args].join(' ');
    const keep = `(trap '' TERM; exec tee ${this.#printed}.$$)`;
    // What keeps the output must not end before what it reads from does. The peer's libraries are not the program's.
    this.#command(`unset LD_LIBRARY_PATH\n${process.execPath} ${MAIN} ${own} "$@" 2>>${this.told} | ${keep}`);
  }

  /** The program itself with these arguments too: what the peer starts and ends is the program. */
  programOf(args: readonly string[]): void {
    const own = ['--log-level', 'info', ...args].join(' ');
    this.#command(`unset LD_LIBRARY_PATH\nexec ${process.execPath} ${MAIN} ${own} "$@" 2>>${this.told}`);
  }

  /** In its place something that prints these lines and then waits. */
  replayOf(lines: readonly string[]): void {
    writeFileSync(this.#printed, lines.map((line) => `${line}\n`).join(''));
    this.#command(`unset LD_LIBRARY_PATH\ncat ${this.#printed}\nexec sleep 1000`);
  }

  #command(script: string): void {
    const path = join(this.folder, 'acceptstream');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
}

/** A peer that runs. */
export class Peer {
  readonly #child: ChildProcess;
  #said = '';

  constructor(program: PeerProgram, config: string, { folder }: Place) {
    const [command = '', ...args] = program.command(config, folder);
    const path = [folder, process.env.PATH].join(delimiter);
    const env = { ...process.env, PATH: path, LD_LIBRARY_PATH: program.libraries };
    this.#child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** Everything it said, for the message of a failure. */
  get said(): string {
    return this.#said;
  }

  /** Ends it as an init system does. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** Counts the lines of a file that grows, without reading any of it twice. */
export class LineCount {
  readonly #path: string;
  #offset = 0;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get now(): number {
    if (!existsSync(this.#path)) return 0;
    const file = openSync(this.#path, 'r');
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let bytes = -1; bytes !== 0; this.#offset += bytes) {
      bytes = readSync(file, buffer, 0, buffer.length, this.#offset);
      for (let at = buffer.indexOf(10); at >= 0 && at < bytes; at = buffer.indexOf(10, at + 1)) this.#lines++;
    }
    closeSync(file);
    return this.#lines;
  }
}

/** The whole lines of a file; none when it is not there. */
export function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** A line of flat JSON as sorted pairs, its numbers as text: some have more than 53 bits. */
export function pairsOf(line: string): string {
  const exact = JSON.parse(line.replace(/:(-?\d+)(?=[,}])/g, ':"#$1"')) as Record<string, unknown>;
  return JSON.stringify(Object.entries(exact).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How two lists of records differ: their lengths and the first two that are not the same; '' when they are equal. */
export function difference(actual: readonly string[], expected: readonly string[]): string {
  const at = expected.findIndex(
    (line, index) => actual[index] === undefined || pairsOf(line) !== pairsOf(actual[index]),
  );
  if (at < 0 && actual.length === expected.length) return '';
  return `${actual.length} for ${expected.length}, from ${at} on: ${actual[at]} for ${expected[at]}`;
}

interface Numbered {
  readonly capture_id: string;
  readonly cpu: number;
  readonly sequence: number;
}

/** Per capture how many records there are; throws when one is missing in between, or there twice. */
export function contiguous(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  const last = new Map<string, number>();
  for (const line of lines) {
    const { capture_id: capture, cpu, sequence } = JSON.parse(line) as Numbered;
    const key = `${capture} ${cpu}`;
    if (sequence !== (last.get(key) ?? 0) + 1) throw new Error(`${sequence} behind ${last.get(key)} of ${key}`);
    last.set(key, sequence);
    counts.set(capture, (counts.get(capture) ?? 0) + 1);
  }
  return counts;
}

/** Processes that run our program with this argument. */
export function programsWith(argument: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const words = commandLineOf(pid);
    return words.includes(MAIN) && words.includes(argument);
  });
}

function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
