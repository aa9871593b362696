import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Fifo } from '../support/fifo.js';
import { lostSamples, MAIN, Program, rowsOf } from '../support/program.js';
import { programs } from '../support/programs.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { runWorkload } from '../workload/workload.js';

/** A port that nothing listens on, so that no event comes. */
const QUIET = ['-P', '9'];
const WELL = { code: 0, signal: null };
/** Noticed within a second, and the time to end. */
const CLOSED_MS = 1500;

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'out');
}

function openFifo(): Fifo {
  const fifo = new Fifo();
  onTestFinished(() => fifo.remove());
  return fifo;
}

function intoFifo(fifo: Fifo, args: readonly string[], mergeStderr = false): Program {
  const program = new Program(args, { stdout: fifo.writer, mergeStderr });
  fifo.closeWriter();
  onTestFinished(() => program.signal('SIGKILL'));
  return program;
}

describeUnless(liveReason(), 'the command and its output', () => {
  test('the header comes before any event into a file', async () => {
    const path = temporaryFile();
    const file = openSync(path, 'w');
    const program = new Program(QUIET, { stdout: file });
    closeSync(file);
    await until('the header in the file', () => readFileSync(path, 'utf8') === `${HEADER}\n`);
    expect(await program.stop()).toEqual(WELL);
    expect(readFileSync(path, 'utf8')).toBe(`${HEADER}\n`);
  });

  test('the header comes before any event into a pipe', async () => {
    const fifo = openFifo();
    const program = intoFifo(fifo, QUIET);
    await until('the header in the pipe', () => fifo.read() === `${HEADER}\n`);
    expect(await program.stop()).toEqual(WELL);
    expect(fifo.read()).toBe(`${HEADER}\n`);
    expect(program.stderr).toBe('');
  });

  test('an accept made once the header is there is seen', async () => {
    for (let round = 0; round < 3; round++) {
      const program = await Program.live([]);
      const { ready } = await runWorkload({});
      await program.until('its row', (text) => text.includes(`\n${ready.pid} `));
      await program.stop();
    }
  });

  test('a closed pipe ends it quietly within a second, without any event', async () => {
    const fifo = openFifo();
    const program = intoFifo(fifo, QUIET);
    await until('the header in the pipe', () => fifo.read() !== '');
    const closed = performance.now();
    fifo.closeReader();
    expect(await program.exit).toEqual(WELL);
    expect(performance.now() - closed).toBeLessThan(CLOSED_MS);
    expect(program.stderr).toBe('');
  });

  test('a closed socket ends it quietly too', async () => {
    const program = await Program.live(QUIET);
    const closed = performance.now();
    program.closeStdout();
    expect(await program.exit).toEqual(WELL);
    expect(performance.now() - closed).toBeLessThan(CLOSED_MS);
    expect(program.stderr).toBe('');
  });

  test('a terminal that is closed ends it well', () => {
    const ended = execFileSync(programs().terminal, [process.execPath, MAIN, ...QUIET], { encoding: 'utf8' });
    expect(ended).toBe('status 0\n');
  });

  test('a pipe closed while rows come ends it quietly', async () => {
    const fifo = openFifo();
    const program = intoFifo(fifo, []);
    await until('the header in the pipe', () => fifo.read() !== '');
    const burst = await Burst.start({ count: 3000, rate: 2000 });
    const running = burst.run();
    await until('a row in the pipe', () => rowsOf(fifo.read()).length > 0);
    fifo.closeReader();
    expect(await program.exit).toEqual(WELL);
    await running;
    expect(program.stderr).toBe('');
  });

  test('a pipe closed while it is full ends it quietly', async () => {
    const fifo = openFifo();
    const burst = await Burst.start({ count: 5000 });
    const program = intoFifo(fifo, ['-p', `${burst.pid}`]);
    await until('the header in the pipe', () => fifo.read() !== '');
    await burst.run();
    const closed = performance.now();
    fifo.closeReader();
    expect(await program.exit).toEqual(WELL);
    expect(performance.now() - closed).toBeLessThan(CLOSED_MS);
    expect(program.stderr).toBe('');
  });

  test('a closed pipe for stdout and stderr ends it quietly, also when accepts were lost', async () => {
    const fifo = openFifo();
    const burst = await Burst.start({ count: 5000 });
    const program = intoFifo(fifo, ['-p', `${burst.pid}`, '--ring-bytes', '4096'], true);
    await until('the header in the pipe', () => fifo.read() !== '');
    fifo.closeReader();
    await burst.run();
    expect(await program.exit).toEqual(WELL);
  });

  test('a device that is full: one line, and 1', async () => {
    const full = openSync('/dev/full', 'w');
    const program = new Program(QUIET, { stdout: full });
    closeSync(full);
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/^acceptstream: [^\n]*ENOSPC[^\n]*\n$/);
  });

  test('a full pipe that nobody reads: what does not fit is counted, and the rest is printed', async () => {
    const count = 20_000;
    const fifo = openFifo();
    const burst = await Burst.start({ count });
    const program = intoFifo(fifo, ['-p', `${burst.pid}`, '--ring-bytes', '65536']);
    await until('the header', () => fifo.read() !== '');
    await burst.run();
    await until('a report of the loss', () => lostSamples(program.stderr) > 0);
    program.signal('SIGINT');
    const { rows } = await readToEnd(fifo, program);
    expect(await program.exit).toEqual(WELL);
    expect(program.stderr).toMatch(/^(Possibly lost \d+ samples\n)+$/);
    expect(rows.length + lostSamples(program.stderr)).toBe(count);
    expect(rows.every((row) => row.startsWith(`${burst.pid} `))).toBe(true);
  });

  test('200 000 accepts in one burst: printed and lost are all of them', { timeout: 120_000 }, async () => {
    const count = 100_000;
    const path = temporaryFile();
    const file = openSync(path, 'w');
    const burst = await Burst.start({ count, threads: 2 });
    const program = new Program(['-p', `${burst.pid}`], { stdout: file });
    closeSync(file);
    await until('the header in the file', () => readFileSync(path, 'utf8') !== '');
    await burst.run();
    expect(await program.stop()).toEqual(WELL);
    const rows = rowsOf(readFileSync(path, 'utf8'));
    expect(rows.length + lostSamples(program.stderr)).toBe(2 * count);
    expect(rows.every((row) => row.startsWith(`${burst.pid} `))).toBe(true);
  });

  async function readToEnd(fifo: Fifo, program: Program): Promise<{ rows: string[] }> {
    await until('the program has ended', () => {
      fifo.read();
      return program.hasExited;
    });
    return { rows: rowsOf(fifo.read()) };
  }
});
