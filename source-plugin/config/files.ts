import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../../schemas/error.js';
import type { Path } from './document.js';
import type { Conflict } from './rules.js';

const SECRETS = ['password', 'shared_key', 'token'];

/** A configuration with its files read, and what was wrong with them. */
export interface Resolved<T> {
  readonly content: T;
  readonly problems: readonly Conflict[];
}

/**
 * A copy of a configuration whose file names are absolute (they are meant from the configuration's own folder) and
 * whose secrets stand in place of the files that hold them; what certificates and keys hold stands beside their files.
 * Every file is read once, here: later the process may lack the permission.
 */
export function resolveFiles<T>(value: T, folder: string): Resolved<T> {
  const problems: Conflict[] = [];
  const content = resolveValue(value, [], (path, file) => readOne(path, resolve(folder, file), problems));
  return { content: content as T, problems };
}

type Entry = readonly [string, unknown];
type Reader = (path: Path, file: string) => readonly Entry[];

function resolveValue(value: unknown, path: Path, read: Reader): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]): readonly Entry[] => {
      const at = [...path, key];
      const isFile = key.endsWith('_file') && typeof entry === 'string';
      return isFile ? read(at, entry) : [[key, resolveValue(entry, at, read)]];
    }),
  );
}

function readOne(path: Path, file: string, problems: Conflict[]): readonly Entry[] {
  const key = String(path.at(-1));
  const name = key.slice(0, -'_file'.length);
  try {
    const content = readFileSync(file, 'utf8');
    if (!SECRETS.includes(name))
      return [
        [key, file],
        [name, content],
      ];
    const secret = content.replace(/\r?\n$/, '');
    if (secret === '') problems.push({ path, message: `${file} is empty` });
    return [[name, secret]];
  } catch (cause) {
    problems.push({ path, message: `cannot read ${file}: ${reasonOf(cause)}` });
    return [[key, file]];
  }
}
