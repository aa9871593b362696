import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { say } from './say.mjs';

const WANTED = [
  ['tracefs', '/sys/kernel/tracing'],
  ['bpf', '/sys/fs/bpf'],
];

function isMounted(type, path) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')).some((mount) => mount[1] === path && mount[2] === type);
}

for (const [type, path] of WANTED) {
  if (isMounted(type, path)) continue;
  const { status, stderr } = spawnSync('mount', ['-t', type, type, path], { encoding: 'utf8' });
  if (status !== 0) say(`going on without ${type} on ${path}: ${(stderr ?? '').trim()}`);
}

// The script takes this process over: node mount.mjs SCRIPT ARGS is node SCRIPT ARGS from here on.
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]).href);
