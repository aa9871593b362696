import { write } from 'node:fs';
import { promisify } from 'node:util';
import { AcceptstreamError } from '../schemas/error.js';
import type { Sink } from './contracts.js';

const writeSome = promisify(write);
const RETRY_MS = 5;

/**
 * Writes to a descriptor; a batch is safe when the pipe, terminal or file has taken it.
 * Rejects with SINK; `closedByReader` tells a reader that left from an error.
 */
export function stdoutSink(fd = 1): Sink {
  return {
    write: (batch) => writeAll(fd, batch.bytes),
    close: () => Promise.resolve(),
  };
}

/** Whether an error only says that nobody reads the output any more. */
export function closedByReader(error: unknown): boolean {
  return error instanceof AcceptstreamError && error.code === 'SINK' && systemCode(error.cause) === 'EPIPE';
}

// Writes go through the thread pool: a pipe that is full blocks a thread there, and signals are still handled.
async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await writeOnce(fd, bytes, offset);
  }
}

async function writeOnce(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  try {
    return (await writeSome(fd, bytes, offset, bytes.length - offset)).bytesWritten;
  } catch (cause) {
    // The descriptor's open file is shared: another process may have made it non-blocking.
    if (systemCode(cause) !== 'EAGAIN') throw sinkError(cause);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return 0;
  }
}

function sinkError(cause: unknown): AcceptstreamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AcceptstreamError(
    'SINK',
    'write to stdout',
    `cannot write to stdout (${reason}): nothing more was read`,
    cause,
  );
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
