import { close, constants, fstatSync, open, read, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';

const openInPool = promisify(open);
const readInPool = promisify(read);
const closeInPool = promisify(close);
const { O_NONBLOCK, O_RDONLY } = constants;

/** Bytes of a file or a pipe, in their order. */
export interface Input {
  /** Whether `position` of a read can be chosen, and what is read may be read again. */
  readonly isFile: boolean;
  /** Bytes put into `target`; 0 when there are no more, or, in a file that grows, none now. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Bytes of a file as it is now; Infinity for a pipe. */
  size(): number;
  /** Whether these are of this file. */
  isSame(stats: Stats): boolean;
  close(): Promise<void>;
}

/** Opens a file, a pipe or, as '-', stdin; aborting the signal ends a pipe. Throws SINK that names it. */
export async function openInput(path: string, signal: AbortSignal): Promise<Input> {
  if (path === '-') return pipeInput(process.stdin, signal);
  const fd = await openFile(path);
  const stats = fstatSync(fd);
  if (stats.isFile()) return fileInput(fd, path, stats);
  if (stats.isFIFO()) return pipeInput(new Socket({ fd, readable: true, writable: false }), signal);
  await closeInPool(fd);
  throw unreadable(path, `it is ${kindOf(stats)}`);
}

export function unreadable(path: string, reason: unknown): AcceptstreamError {
  return new AcceptstreamError('SINK', 'read file', `cannot read ${path}: ${reasonOf(reason)}`, reason);
}

// Opening a named pipe must not wait in a thread of the pool, where no signal would end it.
async function openFile(path: string): Promise<number> {
  try {
    return await openInPool(path, O_RDONLY | O_NONBLOCK);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function kindOf(stats: Stats): string {
  return stats.isDirectory() ? 'a folder' : 'neither a file nor a pipe';
}

function fileInput(fd: number, path: string, own: Stats): Input {
  return {
    isFile: true,
    read: async (target, position) => {
      try {
        return (await readInPool(fd, target, 0, target.length, position)).bytesRead;
      } catch (cause) {
        throw unreadable(path, cause);
      }
    },
    size: () => fstatSync(fd).size,
    isSame: ({ dev, ino }) => dev === own.dev && ino === own.ino,
    close: () => closeInPool(fd),
  };
}

function pipeInput(stream: Readable, signal: AbortSignal): Input {
  const end = () => stream.destroy();
  signal.addEventListener('abort', end);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let rest: Uint8Array = new Uint8Array(0);
  return {
    isFile: false,
    read: async (target) => {
      while (rest.length === 0) {
        const { value, done } = await chunks.next().catch((error: unknown) => ended(signal, error));
        if (done || value === undefined) return 0;
        rest = value;
      }
      const taken = rest.subarray(0, target.length);
      target.set(taken);
      rest = rest.subarray(taken.length);
      return taken.length;
    },
    size: () => Number.POSITIVE_INFINITY,
    isSame: () => false,
    close: async () => {
      signal.removeEventListener('abort', end);
      stream.destroy();
    },
  };
}

function ended(signal: AbortSignal, error: unknown): IteratorResult<Buffer, undefined> {
  if (signal.aborted) return { done: true, value: undefined };
  throw unreadable('the pipe', error);
}
