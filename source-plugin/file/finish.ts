import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from '../container/names.js';
import { filesOf, type Numbered, type Target } from './names.js';

/** What is kept of finished files; without a limit all. */
export interface Retention {
  readonly retain_files?: number;
  readonly retain_bytes?: number;
}

/** Gives a file its final name, for good: a power cut does not take it back. Replaces nothing; throws what the system says. */
export function rename(part: string): string {
  const path = finished(part);
  if (lstatSync(path, { throwIfNoEntry: false }))
    throw Object.assign(new Error(`${path} is there`), { code: 'EEXIST' });
  renameSync(part, path);
  syncFolder(dirname(path));
  return path;
}

/** Makes names in a folder outlive a power cut, where its file system can and this user may. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    if (!['EACCES', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** The finished files that are too many or too large together, oldest first; the newest is never among them. */
export function surplus(target: Target, { retain_files: files, retain_bytes: bytes }: Retention): Numbered[] {
  let [count, sum] = [0, 0];
  const isKept = ({ path }: Numbered): boolean => {
    count += 1;
    sum += sizeOf(path);
    return count === 1 || (count <= (files ?? count) && sum <= (bytes ?? sum));
  };
  const newestFirst = filesOf(target).finished.toReversed();
  const end = newestFirst.findIndex((file) => !isKept(file));
  return end < 0 ? [] : newestFirst.slice(end).toReversed();
}

/** Deletes the surplus; `tell` hears of each. Throws what the system says. */
export function retain(target: Target, retention: Retention, tell: (message: string) => void): void {
  for (const { path } of surplus(target, retention)) {
    rmSync(path, { force: true });
    tell(`deleted ${path}: more than retain_files or retain_bytes allow`);
  }
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
