// Debian's kernels, the newest of each series.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { architectureOf, versionOf } from './architectures.mjs';
import { CACHE, cached } from './cache.mjs';
import { Debian } from './debian.mjs';

const runs = promisify(execFile);

/** First the oldest kernel we support, then those of Debian's releases, then the newest there are. */
export const SERIES = ['5.10', '6.1', '6.12', '6.18', '7.2', '7.3', 'arm64-6.1', 'arm64-7.3'];

const SUITES = [
  ...['bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'sid'],
  ...['bullseye-security', 'bookworm-security', 'trixie-security'],
];
// The small kernels for virtual machines. From 6.19 on linux-image-* is an empty package and linux-binary-* has the kernel.
const NAME = /^linux-(image|binary)-(\d[^-]*(?:-[^-]+)?-cloud-(?:amd64|arm64))$/;
const PARTS = ['*/vmlinuz*', '*/kernel/drivers/nvme/*', '*/kernel/fs/configfs/*'];

const debians = new Map();

function packages({ debian }) {
  if (!debians.has(debian)) debians.set(debian, look(debian));
  return debians.get(debian);
}

async function look(architecture) {
  const apt = new Debian(join(CACHE, `apt-kernels-${architecture}`), SUITES, architecture);
  await apt.update();
  const names = [...(await apt.names('linux-image-')), ...(await apt.names('linux-binary-'))];
  return { apt, found: await apt.versions(names.filter((name) => NAME.test(name))) };
}

async function isNewer(version, other) {
  return runs('dpkg', ['--compare-versions', version, 'gt', other]).then(
    () => true,
    () => false,
  );
}

async function newest(candidates) {
  let best;
  for (const one of candidates) if (!best || (await isNewer(one.version, best.version))) best = one;
  // Both names of one version: the package that has the kernel.
  const same = candidates.filter(({ version }) => version === best?.version);
  return same.find(({ name }) => name.startsWith('linux-binary-')) ?? best;
}

async function unpack(apt, packages, folder) {
  await apt.unpack(packages, folder, PARTS);
  const found = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.ko.xz'));
  if (found.length > 0) await runs('xz', ['-d', ...found], { cwd: folder });
}

/**
 * The newest kernel of a series: its release as uname tells it, the version of its package, and a folder with its
 * vmlinuz and some modules. Undefined when the mirror has none.
 */
export async function findKernel(series) {
  const architecture = architectureOf(series);
  const { apt, found } = await packages(architecture);
  const chosen = await newest(found.filter(({ version }) => version.startsWith(`${versionOf(series)}.`)));
  if (!chosen) return undefined;
  const release = NAME.exec(chosen.name)[2];
  const folder = await cached(`linux-${release}-${chosen.version}`, async (path) => {
    const modules = await apt.versions([`linux-modules-${release}`]);
    const wanted = [chosen, ...modules.filter(({ version }) => version === chosen.version)];
    await unpack(
      apt,
      wanted.map(({ name, version }) => `${name}=${version}`),
      path,
    );
  });
  const files = readdirSync(folder, { recursive: true }).map((path) => join(folder, path));
  return {
    architecture,
    series,
    release,
    version: chosen.version,
    vmlinuz: files.find((path) => /\/vmlinuz[^/]*$/.test(path)),
    modules: files.filter((path) => path.endsWith('.ko')),
  };
}
