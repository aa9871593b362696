// Peers that Debian packages: unpacked, because installing a system logger would replace the machine's own.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CACHE, cached } from '../kernels/cache.mjs';
import { Debian } from '../kernels/debian.mjs';

const SUITE = 'bookworm';
/** What Debian 12 itself does not have. */
export const BACKPORTS = 'bookworm-backports';
const ARCHITECTURES = { x64: ['amd64', 'x86_64-linux-gnu'], arm64: ['arm64', 'aarch64-linux-gnu'] };
const PARTS = ['./lib/*', './usr/lib/*', './usr/bin/*', './usr/sbin/*'];
/** The host's own are as new, and belong to its loader. */
const OF_HOST = /^(libc6|libgcc-s1|libstdc\+\+6)=/;

const onPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

async function unpack(names, suite, architecture) {
  const apt = new Debian(join(CACHE, `apt-bookworm-${architecture}`), [SUITE, BACKPORTS], architecture);
  await apt.update();
  const all = await apt.closure(names, suite);
  // What else a package needs is for its installation and its scripts.
  const isUsed = (one) =>
    names.some((name) => one.startsWith(`${name}=`)) || (one.startsWith('lib') && !OF_HOST.test(one));
  const packages = all.filter(isUsed).sort();
  const version = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  return cached(`peer-${names[0]}-${version}`, (folder) => apt.unpack(packages, folder, PARTS));
}

/** Below the libraries' folders: programs with private libraries find them through the path as well. */
function libraryFolders(root, triplet) {
  const folders = ['lib', 'usr/lib'].map((folder) => join(root, folder, triplet));
  return [...folders, join(root, 'usr/lib/syslog-ng')].filter((folder) => existsSync(folder));
}

function modulesBelow(root, triplet) {
  const own = join(root, 'usr/lib/syslog-ng');
  if (!existsSync(own)) return join(root, 'usr/lib', triplet, 'rsyslog');
  return join(
    own,
    readdirSync(own).find((name) => /^\d/.test(name)),
  );
}

/**
 * A package's program, of Debian 12, with the modules of further packages.
 * @returns {Promise<{program: string, libraries: string, modules: string, reason: string}>} with the folders of its
 *   libraries and modules, or why it can't be had
 */
export async function debianPeer([packageName, ...others], program, suite = SUITE) {
  const nothing = { program: '', libraries: '', modules: '' };
  const needed = ['apt-get', 'dpkg-deb', 'flock'].filter((name) => !onPath(name));
  const [architecture, triplet] = ARCHITECTURES[process.arch] ?? [];
  if (needed.length > 0 || !architecture) return { ...nothing, reason: `needs ${needed.join(', ')}` };
  try {
    const root = await unpack([packageName, ...others], suite, architecture);
    const libraries = libraryFolders(root, triplet).join(delimiter);
    const folder = ['usr/sbin', 'usr/bin'].find((one) => existsSync(join(root, one, program)));
    return { program: join(root, folder, program), libraries, modules: modulesBelow(root, triplet), reason: '' };
  } catch (error) {
    return { ...nothing, reason: `needs ${packageName}: ${String(error.stderr ?? error.message).split('\n')[0]}` };
  }
}
