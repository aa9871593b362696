import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockFile } from '../../native/index.js';
import { fileError, takenError } from './errors.js';
import { surplus } from './finish.js';
import { filesOf, lockPath, type Target, targetOf } from './names.js';
import type { FileOptions } from './sink.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, R_OK, W_OK, X_OK } = constants;

/** What a sink does, in words; `also` is what stands behind. */
export function describeFileSink(
  { path, compression, rotate_bytes, rotate_ms }: FileOptions,
  also: readonly string[] = [],
): string {
  const { folder, stem } = targetOf(path);
  const details = [`compression ${compression}, a new one after ${rotate_bytes} bytes or ${rotate_ms} ms`, ...also];
  return `avro to files ${join(folder, stem)}-*.avro (${details.join(', ')})`;
}

/** What openFileSink would do, in words. Only looks: the lock is given back at once. Throws as openFileSink does. */
export function checkFileSink(options: FileOptions): string {
  const target = targetOf(options.path);
  if (!existsSync(target.folder)) {
    checkFolder(dirname(target.folder));
    return describeFileSink(options, ['the folder would be created']);
  }
  checkFolder(target.folder);
  checkLock(target);
  const leftovers = filesOf(target).parts.length;
  const old = surplus(target, options).length;
  return describeFileSink(options, [
    ...(leftovers > 0 ? [`${leftovers} left unfinished would be finished`] : []),
    ...(old > 0 ? [`${old} old ones would be deleted`] : []),
  ]);
}

function checkFolder(folder: string): void {
  try {
    accessSync(folder, R_OK | W_OK | X_OK);
    closeSync(openSync(folder, constants.O_DIRECTORY));
  } catch (cause) {
    throw fileError('write to', folder, cause);
  }
}

function checkLock(target: Target): void {
  const path = lockPath(target);
  if (!existsSync(path)) return;
  let fd = -1;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw fileError('open', path, cause);
  }
  const refusal = lockFile(fd);
  closeSync(fd);
  if (refusal !== undefined) throw takenError(path, refusal);
}
