import { fstatSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { AcceptstreamError, reasonOf } from '../schemas/error.js';
import type { Sink } from './contracts.js';

const writeInPool = promisify(write);
const RETRY_MS = 5;
const READER_LEFT = 'write to a reader that left';

/**
 * Writes to a descriptor; a batch is safe when the pipe, terminal or file has taken it.
 * Rejects with SINK; `closedByReader` tells a reader that left from an error.
 */
export function stdoutSink(fd = 1): Sink {
  // A terminal that is closed answers EIO, as a failing disk does: which it is must be asked while it is there.
  const gone = isatty(fd) ? ['EPIPE', 'EIO'] : ['EPIPE'];
  const output = { fd, gone, isFile: fstatSync(fd).isFile() };
  return {
    write: (batch) => writeAll(output, batch.bytes),
    close: () => Promise.resolve(),
  };
}

/** Whether an error only says that nobody reads the output any more. */
export function closedByReader(error: unknown): boolean {
  return error instanceof AcceptstreamError && error.operation === READER_LEFT;
}

interface Output {
  readonly fd: number;
  /** System errors that say that the reader left. */
  readonly gone: readonly string[];
  readonly isFile: boolean;
}

// A pipe that is full blocks a thread of the pool, and signals are still handled. A file never blocks for long: there
// the way through the pool would cost more than the write.
async function writeSome({ fd, isFile }: Output, bytes: Uint8Array, offset: number): Promise<number> {
  const length = bytes.length - offset;
  return isFile ? writeSync(fd, bytes, offset, length) : (await writeInPool(fd, bytes, offset, length)).bytesWritten;
}

async function writeAll(output: Output, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await writeOnce(output, bytes, offset);
  }
}

async function writeOnce(output: Output, bytes: Uint8Array, offset: number): Promise<number> {
  try {
    return await writeSome(output, bytes, offset);
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    // The descriptor's open file is shared: another process may have made it non-blocking.
    if (code !== 'EAGAIN') throw sinkError(output.gone.includes(code) ? READER_LEFT : 'write to stdout', cause);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return 0;
  }
}

function sinkError(operation: string, cause: unknown): AcceptstreamError {
  const reason = reasonOf(cause);
  return new AcceptstreamError('SINK', operation, `cannot write to stdout (${reason}): nothing more was read`, cause);
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
