import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/**
 * A C program that says it is ready, waits for a line, does its work and ends. Every line it prints is a JSON object.
 */
export class JsonChild<Line extends { kind: string }> {
  readonly lines: Line[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<void>;
  #stderr = '';
  #partial = '';
  #changed: () => void = () => {};

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = this.#end(args);
    this.#ended.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves with the first line of that kind; rejects when the program ends without one. */
  async line(kind: string): Promise<Line> {
    const found = new Promise<Line>((resolve) => {
      this.#changed = () => {
        const line = this.lines.find((one) => one.kind === kind);
        if (line) resolve(line);
      };
      this.#changed();
    });
    const missing = this.#ended.then(() => {
      throw new Error(`the workload ended without "${kind}"`);
    });
    return Promise.race([found, missing]);
  }

  /** Lets it work, without waiting. */
  release(): void {
    this.#child.stdin.write('\n');
  }

  /** Resolves with all lines when the program ended well. */
  async finish(): Promise<Line[]> {
    await this.#ended;
    return this.lines;
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #take(text: string): void {
    const parts = (this.#partial + text).split('\n');
    this.#partial = parts.pop() ?? '';
    for (const part of parts) this.lines.push(JSON.parse(part) as Line);
    this.#changed();
  }

  #end(args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`workload ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${this.#stderr}`));
      });
    });
  }
}
