import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.js';

/** A cgroup of the version 2 hierarchy, made for one test. */
export interface Cgroup {
  readonly directory: string;
  readonly name: string;
  /** Inode number of the directory. */
  readonly id: number;
  /** Resolves when it is gone, which its last process has to be first. */
  remove(): Promise<void>;
}

/** Where the version 2 hierarchy is mounted; undefined when it is not. */
export function cgroup2Mount(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2')?.[1];
}

export function makeCgroup(name: string): Cgroup {
  const mount = cgroup2Mount();
  if (mount === undefined) throw new Error('no cgroup2 is mounted');
  const directory = join(mount, name);
  mkdirSync(directory);
  return { directory, name, id: statSync(directory).ino, remove: () => removeDirectory(directory) };
}

async function removeDirectory(directory: string): Promise<void> {
  await until(`${directory} is removed`, () => {
    try {
      rmdirSync(directory);
      return true;
    } catch {
      return false;
    }
  });
}
