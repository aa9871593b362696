import { fstatSync, readSync } from 'node:fs';
import { decodeFrame, FRAME_MAX } from './frame.js';
import { SYNC_BYTES } from './header.js';
import { type Preamble, readHeader } from './read-header.js';

/** Longer than any header of ours. */
const HEADER_MAX = 262_144;

/** How far a file is a container. */
export interface Whole {
  /** Bytes up to the end of the last whole block. */
  readonly bytes: number;
  readonly records: number;
}

/**
 * Goes from block to block of an open file, without reading their data; undefined when it does not start with a header.
 * Synchronous, two small reads a block.
 */
export function wholeOf(fd: number): Whole | undefined {
  const start = headerOf(bytesAt(fd, 0, HEADER_MAX));
  if (!start) return undefined;
  const size = fstatSync(fd).size;
  let bytes = start.end;
  let records = 0;
  for (;;) {
    const found = decodeFrame(bytesAt(fd, bytes, FRAME_MAX));
    if (!found || found.frame.records <= 0 || found.frame.bytes < 0) break;
    const marker = bytes + found.end + found.frame.bytes;
    if (marker + SYNC_BYTES > size || !bytesAt(fd, marker, SYNC_BYTES).equals(start.sync)) break;
    bytes = marker + SYNC_BYTES;
    records += found.frame.records;
  }
  return { bytes, records };
}

function headerOf(bytes: Buffer): Preamble | undefined {
  try {
    return readHeader(bytes);
  } catch {
    return undefined;
  }
}

function bytesAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
