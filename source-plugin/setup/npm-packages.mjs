import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/**
 * Packages of the lockfile that node_modules lacks or holds in another version, by npm's own record of what it
 * installed. npm writes that record last, so an interrupted install has none.
 * @returns {string[]} paths like node_modules/avsc
 */
export function missingPackages(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules/.package-lock.json'));
  const needed = Object.keys(wanted).filter((path) => path !== '' && !wanted[path].optional);
  return needed.filter(
    (path) => installed[path]?.version !== wanted[path].version || !existsSync(join(root, path, 'package.json')),
  );
}

function npmCommand() {
  const running = process.env.npm_execpath ?? '';
  return running.endsWith('/npm-cli.js') ? [process.execPath, running] : ['npm'];
}

// The repository's .npmrc silences npm: here its errors are wanted.
export async function installPackages(root, held) {
  await run([...npmCommand(), 'ci', '--loglevel=error'], {
    name: 'npm ci',
    remedy: 'check the network and the npm registry, then run the same command again',
    cwd: root,
    held,
  });
}
