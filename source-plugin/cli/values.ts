import { TEXT_FORMATS, type TextFormat } from '../../filter-core/formats.js';
import { HOOKS, type Hook } from '../../native/hooks.js';
import type { AcceptstreamError } from '../../schemas/error.js';
import { LOG_LEVELS, type LogLevel } from '../log.js';
import { quoted } from './errors.js';

/** Makes the error of a bad value: the reader says what is wrong, the caller knows the option. */
export type Reject = (message: string) => AcceptstreamError;

const MIN_RING_BYTES = 4096;
const MAX_RING_BYTES = 2 ** 30;

/** A decimal number with blanks around it; undefined for any other text. */
export function decimal(text: string): number | undefined {
  const digits = /^[ \t]*([0-9]+)[ \t]*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A PID from 0 on; numbers past the safe integers become the largest of them, which no process has. */
export function readPid(text: string, reject: Reject): number {
  const pid = decimal(text);
  if (pid === undefined) throw reject(`invalid PID ${quoted(text)}: a PID is 0 or more, in decimal`);
  return Math.min(pid, Number.MAX_SAFE_INTEGER);
}

/** A size the kernel takes for a ring buffer: a power of two, at least a page. */
export function readRingBytes(text: string, reject: Reject): number {
  const bytes = decimal(text);
  const sizes = bytes === undefined ? [] : nearestRingSizes(bytes);
  if (bytes !== undefined && sizes.includes(bytes)) return bytes;
  const nearest = sizes.length === 0 ? '' : `, nearest ${sizes.join(' and ')}`;
  const allowed = `powers of two from ${MIN_RING_BYTES} to ${MAX_RING_BYTES}`;
  throw reject(`invalid size ${quoted(text)}: sizes are ${allowed}${nearest}`);
}

/** The name of a file; standard output has the rows. */
export function readNewFile(text: string, reject: Reject): string {
  if (text === '-') throw reject(`invalid file ${quoted(text)}: standard output has the rows, give the name of a file`);
  return text;
}

/** The name of a kernel hook, in full. */
export function readHook(text: string, reject: Reject): Hook {
  const hook = HOOKS.find((name) => name === text);
  if (hook === undefined) throw reject(`invalid hook ${quoted(text)}: hooks are ${HOOKS.join(', ')}`);
  return hook;
}

export function readFormat(text: string, reject: Reject): TextFormat {
  const format = TEXT_FORMATS.find((name) => name === text);
  if (format === undefined) throw reject(`invalid format ${quoted(text)}: formats are ${TEXT_FORMATS.join(', ')}`);
  return format;
}

/** The valid sizes just below and above, one when they are the same. */
function nearestRingSizes(bytes: number): number[] {
  const within = Math.min(Math.max(bytes, MIN_RING_BYTES), MAX_RING_BYTES);
  const below = 2 ** Math.floor(Math.log2(within));
  return below === within ? [below] : [below, below * 2];
}

export function readLogLevel(text: string, reject: Reject): LogLevel {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level === undefined) throw reject(`invalid level ${quoted(text)}: levels are ${LOG_LEVELS.join(', ')}`);
  return level;
}
