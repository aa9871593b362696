import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';

/** Where downloads stay between runs: outside the repository. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'acceptstream', 'kernels');

/** A folder of the cache, made whole by `make(folder)` on first use. Another process may make it meanwhile: the first to rename wins. */
export async function cached(name, make) {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const fresh = temporaryFolder(`${folder}.new-`);
  try {
    await make(fresh.path);
    renameSync(fresh.path, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    fresh.remove();
  }
  return folder;
}
