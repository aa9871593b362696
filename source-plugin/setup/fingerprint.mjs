import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files below `folder` whose names match, sorted, relative to `root`; none when the folder is missing. */
export function listFiles(root, folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  const found = entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(root, path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
  return found.sort();
}

/** Hash of the files' names and contents and of `extra`; a missing file counts as such. */
export function fingerprint(root, files, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const file of files) {
    const path = join(root, file);
    hash.update(`\0${file}\0`).update(existsSync(path) ? readFileSync(path) : '\0missing');
  }
  return hash.digest('hex');
}

/** @returns {{inputs: string, outputs: string, files: string[]} | undefined} what a step last left, if it ended well */
export function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export function writeStamp(path, stamp) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(stamp));
  renameSync(`${path}.new`, path);
}

export function removeStamp(path) {
  rmSync(path, { force: true });
}
