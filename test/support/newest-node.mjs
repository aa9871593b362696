// The newest release of Node.js, as npm has it; run as a program it prints the path.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'acceptstream', 'node');
/** What npm's package `node` installs here. */
const PACKAGE = `node-linux-${process.arch}`;

const npm = (args, cwd = '/') =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function download(version) {
  const fresh = temporaryFolder(join(CACHE, 'new-'));
  try {
    writeFileSync(join(fresh.path, 'package.json'), '{}');
    npm(['install', '--no-audit', '--no-fund', `${PACKAGE}@${version}`], fresh.path);
    renameSync(fresh.path, join(CACHE, version));
  } catch (error) {
    // Another process may have been first: its folder is as good.
    if (!existsSync(join(CACHE, version))) throw error;
  } finally {
    fresh.remove();
  }
}

function forgetOlder(version) {
  const older = readdirSync(CACHE).filter((name) => name !== version && !name.startsWith('new-'));
  for (const name of older) rmSync(join(CACHE, name), { recursive: true, force: true });
}

/** Path of the program, downloaded on first use into a cache that keeps the newest one. Throws what npm says. */
export function newestNode() {
  const version = npm(['view', PACKAGE, 'version']).trim();
  const folder = join(CACHE, version);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(folder)) {
    download(version);
    forgetOlder(version);
  }
  return join(folder, 'node_modules', PACKAGE, 'bin/node');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(newestNode());
