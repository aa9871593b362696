import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeFile } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Program, runProgram } from '../../support/program.js';
import { until } from '../../support/until.js';
import { datumOf } from '../memory-source.js';
import { accepts, blockOf, containerOf, folderOf, headerOf, SCHEMA_TEXT, textOf } from './read-support.js';

const RECORDS = accepts(10_000);
const READ = ['read', '--format', 'json'];

/** In the pool: a program that does not read must not stop the test that waits for it. */
const writeTo = promisify(writeFile);

/** Runs the program by a line of shell in which it is "$@". */
const shell = (line: string) => ['sh', '-c', line, 'sh'];

/** What a program printed, the rows of which are these records. */
function expectRows({ stderr, stdoutBytes }: Program, code: number | null, text: string): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdoutBytes.toString('latin1') === text, 'the records').toBe(true);
}

describe('a recording comes', () => {
  let bytes: Buffer;
  let text: string;
  beforeAll(async () => {
    // Blocks nearly as large as what is read ahead: a piece of a pipe has to be taken in two.
    bytes = await containerOf(RECORDS, { blockBytes: 1_040_000 });
    text = await textOf(RECORDS);
  });

  test.each([
    ['by <', 'exec "$@" < "$RECORDING"'],
    ['through a pipe', 'cat "$RECORDING" | "$@"'],
    ['through a pipe, in drops', 'dd if="$RECORDING" bs=997 status=none | "$@"'],
  ])('%s', async (_how, line) => {
    const env = { RECORDING: join(folderOf({ 'a.avro': bytes }), 'a.avro') };
    const program = await runProgram([...READ, '-'], { through: shell(line), env });
    expectRows(program, program.code, text);
  });

  test('through a named pipe that nobody writes to yet, between two files', async () => {
    const folder = folderOf({ 'a.avro': bytes, 'c.avro': bytes });
    const pipe = join(folder, 'b.avro');
    execFileSync('mkfifo', [pipe]);
    const program = new Program([...READ, join(folder, 'a.avro'), pipe, join(folder, 'c.avro')]);
    onTestFinished(() => program.signal('SIGKILL'));
    const fd = await until('a reader of the pipe', () => openedToReader(pipe));
    await writeTo(fd, bytes);
    closeSync(fd);
    expectRows(program, (await program.exit).code, text + text + text);
  });

  test('through a pipe that never ends, but for a signal', async () => {
    const pipe = join(folderOf({}), 'a.avro');
    execFileSync('mkfifo', [pipe]);
    const program = new Program([...READ, pipe]);
    onTestFinished(() => program.signal('SIGKILL'));
    const fd = await until('a reader of the pipe', () => openedToReader(pipe));
    onTestFinished(() => closeSync(fd));
    await writeTo(fd, bytes.subarray(0, bytes.length / 2));
    await program.until('the first records', (rows) => rows.includes('\n'));
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(text.startsWith(program.stdoutBytes.toString('latin1'))).toBe(true);
  });
});

/** A writer's end of a named pipe that waits when it is full; none before somebody reads. */
function openedToReader(path: string): number | undefined {
  try {
    const first = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    closeSync(first);
    return writer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

/** Has a program say at its end how much memory it had at most. */
const PEAK = `import { readFileSync } from 'node:fs';
process.on('exit', () => console.error(/VmHWM:\\s*(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));`;

const MIB = 1 << 20;
const PEAK_MAX = 160 * MIB;

test('memory does not grow with what comes through stdin: a million records', async () => {
  const block = blockOf(500, Buffer.concat(Array.from({ length: 500 }, () => datumOf())));
  const piece = Buffer.concat(Array.from({ length: 20 }, () => block));
  const folder = folderOf({ header: headerOf([[['avro.schema', SCHEMA_TEXT]]]), piece });
  const input = '{ cat header; for i in $(seq 110); do cat piece; done; }';
  const through = shell(`cd "$FOLDER" && ${input} | "$@" | tail -n +2 | wc -l`);
  const env = { FOLDER: folder, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PEAK)}` };
  const { code, stdout, stderr } = await runProgram(['read', '-'], { through, env });
  expect({ code, rows: Number(stdout) }).toEqual({ code: 0, rows: 1_100_000 });
  expect(110 * piece.length).toBeGreaterThan(2 * PEAK_MAX);
  expect(Number(stderr) * 1024).toBeGreaterThan(0);
  expect(Number(stderr) * 1024).toBeLessThan(PEAK_MAX);
});
