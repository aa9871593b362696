import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { AcceptstreamError } from '../../schemas/error.js';
import { closedByReader, stdoutSink } from '../../source-plugin/stdout.js';
import { Fifo } from '../support/fifo.js';
import { until } from '../support/until.js';

/** More than the 64 KiB that a pipe holds, and no two lines the same. */
const LARGE = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `row ${index}\n`).join(''));

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function openPipe(flags: number): { pipe: Fifo; fd: number } {
  const pipe = new Fifo();
  const fd = openSync(`/proc/self/fd/${pipe.writer}`, constants.O_WRONLY | flags);
  cleanUps.push(
    () => closeSync(fd),
    () => pipe.closeWriter(),
    () => pipe.remove(),
  );
  return { pipe, fd };
}

/** One byte out of the pipe, so that most of a large write is still to come. */
function readByte(pipe: Fifo): boolean {
  const reader = openSync(`/proc/self/fd/${pipe.writer}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readSync(reader, Buffer.alloc(1)) === 1;
  } catch {
    return false;
  } finally {
    closeSync(reader);
  }
}

const batch = (bytes: Uint8Array) => ({ bytes, records: 1 });

describe.for([
  ['a pipe that blocks', 0],
  ['a pipe that answers EAGAIN', constants.O_NONBLOCK],
] as const)('%s', ([, flags]) => {
  test('gets every byte in order, and is waited for while it is full', async () => {
    const { pipe, fd } = openPipe(flags);
    let written = false;
    const write = stdoutSink(fd)
      .write(batch(LARGE))
      .then(() => {
        written = true;
      });
    const all = await until('all bytes', () => {
      const text = pipe.read();
      expect(written && text.length < LARGE.length - 65536).toBe(false);
      return text.length >= LARGE.length && text;
    });
    await write;
    expect(all).toBe(LARGE.toString('latin1'));
  });

  test('without a reader is told from other failures', async () => {
    const { pipe, fd } = openPipe(flags);
    pipe.closeReader();
    const error: unknown = await stdoutSink(fd)
      .write(batch(LARGE))
      .catch((reason) => reason);
    expect(error).toMatchObject({ name: 'AcceptstreamError', code: 'SINK', cause: { code: 'EPIPE' } });
    expect(closedByReader(error)).toBe(true);
  });

  test('whose reader leaves during a write ends it', async () => {
    const { pipe, fd } = openPipe(flags);
    const write = stdoutSink(fd)
      .write(batch(LARGE))
      .catch((reason) => reason);
    await until('a byte of the write', () => readByte(pipe));
    pipe.closeReader();
    expect(closedByReader(await write)).toBe(true);
  });
});

describe('a failure that is no reader leaving', () => {
  test('of a full disk says so', async () => {
    const fd = openSync('/dev/full', 'w');
    cleanUps.push(() => closeSync(fd));
    const error: unknown = await stdoutSink(fd)
      .write(batch(LARGE))
      .catch((reason) => reason);
    expect(error).toMatchObject({ code: 'SINK', cause: { code: 'ENOSPC' } });
    expect((error as Error).message).toContain('ENOSPC');
    expect(closedByReader(error)).toBe(false);
  });

  test.for([
    [
      'an error of another stage',
      new AcceptstreamError('RING', 'read', 'gone', Object.assign(new Error(), { code: 'EPIPE' })),
    ],
    ['any EPIPE of the system', Object.assign(new Error(), { code: 'EPIPE' })],
    ['nothing', undefined],
  ] as const)('%s is none', ([, error]) => {
    expect(closedByReader(error)).toBe(false);
  });
});

test('a file gets batches one behind the other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-stdout-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const fd = openSync(join(folder, 'rows'), 'w');
  cleanUps.push(() => closeSync(fd));
  const sink = stdoutSink(fd);
  await sink.write(batch(Buffer.from('one\n')));
  await sink.write(batch(new Uint8Array(0)));
  await sink.write(batch(Buffer.from('xxtwo\nxx').subarray(2, 6)));
  expect(readFileSync(join(folder, 'rows'), 'utf8')).toBe('one\ntwo\n');
});
