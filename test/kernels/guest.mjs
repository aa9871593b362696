// What a guest consists of beside its kernel: Node.js, busybox, and the package as `npm pack` makes it.
import { execFile } from 'node:child_process';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Archive } from './archive.mjs';

const runs = promisify(execFile);

const INIT = fileURLToPath(new URL('guest-init.sh', import.meta.url));
/** Where the package lies in a guest. */
export const PACKAGE = '/usr/lib/node_modules/acceptstream';

async function librariesOf(program) {
  const { stdout } = await runs('ldd', [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
}

async function addProgram(archive, program, path) {
  archive.copy(realpathSync(program), path);
  await addLibraries(archive, program);
}

async function addLibraries(archive, program) {
  for (const library of await librariesOf(program)) archive.copy(realpathSync(library), library);
}

// What npm puts beside the package when it installs the tarball: the lockfile's versions are installed here already.
async function addDependencies(archive, root) {
  const { stdout } = await runs('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root });
  const folders = stdout.split('\n').filter((path) => path.startsWith(`${root}/node_modules/`));
  for (const folder of folders) archive.copy(folder, `${PACKAGE}${folder.slice(root.length)}`);
}

/** Unpacks the tarball that `npm pack` makes of a clone now; returns the folder of the package. */
export async function pack(root, target) {
  mkdirSync(target, { recursive: true });
  const { stdout } = await runs('npm', ['pack', '--silent', '--pack-destination', target], { cwd: root });
  await runs('tar', ['-xzf', join(target, stdout.trim().split('\n').at(-1)), '-C', target]);
  return join(target, 'package');
}

// Node.js as it is here, and the libraries that it and the addon need.
async function addOwnRuntime(archive, packed) {
  await addProgram(archive, process.execPath, '/usr/bin/node');
  await addLibraries(archive, join(packed, 'dist/acceptstream.node'));
}

/**
 * The first archive of a guest.
 * @param {{root: string, busybox: string, packed: string, addRuntime?: typeof addOwnRuntime}} parts the clone, a static
 * busybox, an unpacked tarball, and what adds Node.js and the libraries where the guest's machine is not this one
 */
export async function systemArchive({ root, busybox, packed, addRuntime = addOwnRuntime }) {
  const archive = new Archive();
  for (const folder of ['/dev', '/proc', '/sys', '/tmp', '/run', '/root', '/var/tmp']) archive.folder(folder);
  archive.copy(busybox, '/bin/busybox');
  archive.copy(INIT, '/init');
  archive.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  archive.file('/etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  archive.file('/etc/hosts', '127.0.0.1 localhost guest\n::1 localhost\n');
  await addRuntime(archive, packed);
  archive.copy(packed, PACKAGE);
  await addDependencies(archive, root);
  archive.link('/usr/bin/env', '/bin/busybox');
  archive.link('/usr/bin/acceptstream', `${PACKAGE}/source-plugin/setup/acceptstream.mjs`);
  return archive.bytes();
}
