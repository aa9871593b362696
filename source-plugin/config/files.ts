import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AcceptstreamError } from '../../schemas/error.js';

const SECRETS = ['password', 'token'];

/**
 * A copy of a configuration whose file names are absolute (they are meant from the configuration's own folder) and
 * whose secrets stand in place of the files that hold them. Throws USAGE naming a file that can't be read.
 */
export function resolveFiles<T>(value: T, folder: string): T {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => resolveEntry(key, entry, folder))) as T;
}

function resolveEntry(key: string, entry: unknown, folder: string): [string, unknown] {
  if (!key.endsWith('_file') || typeof entry !== 'string') return [key, resolveFiles(entry, folder)];
  const path = resolve(folder, entry);
  const name = key.slice(0, -'_file'.length);
  const content = read(path, key);
  return SECRETS.includes(name) ? [name, content.replace(/\r?\n$/, '')] : [key, path];
}

// Every file is read once here, so that a missing certificate is found before anything starts.
function read(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcceptstreamError('USAGE', 'read the configuration', `${key}: cannot read ${path}: ${reason}`, cause);
  }
}
