// A guest whose first process is Debian 12's systemd, with the unit as a user installs it. Needs no privileges.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../../pipelines/kafka-local/folder.mjs';
import { Archive } from '../../kernels/archive.mjs';
import { CACHE, cached } from '../../kernels/cache.mjs';
import { Debian } from '../../kernels/debian.mjs';
import { findEmulator } from '../../kernels/emulator.mjs';
import { pack, systemArchive } from '../../kernels/guest.mjs';
import { findKernel } from '../../kernels/kernels.mjs';
import { runGuest, stderrOf } from '../../kernels/qemu.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const SUITE = 'bookworm';
const SERIES = '6.12';
const TIMEOUT_MS = 900_000;
const UNITS = '/etc/systemd/system';
const here = (name) => readFileSync(new URL(name, import.meta.url));

/** systemd with all it needs, unpacked. */
async function userland() {
  const apt = new Debian(join(CACHE, 'apt-bookworm-amd64'), [SUITE]);
  await apt.update();
  const packages = (await apt.closure(['systemd'], SUITE)).sort();
  const version = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const parts = ['./lib/*', './lib64/*', './usr/lib/*', './bin/*', './usr/bin/*', './usr/share/dbus-1/*', './etc/*'];
  return cached(`systemd-${version}`, (folder) => apt.unpack(packages, folder, parts));
}

async function userlandArchive() {
  const archive = new Archive();
  const root = await userland();
  for (const name of ['lib', 'lib64', 'usr', 'bin', 'etc']) archive.copy(join(root, name), `/${name}`);
  return archive.bytes();
}

// As the README says to install it; what npm installs the system archive has.
function serviceArchive() {
  const archive = new Archive();
  const unit = readFileSync(join(ROOT, 'pipelines/systemd/acceptstream.service'));
  archive.file(`${UNITS}/acceptstream.service`, unit);
  archive.copy(join(ROOT, 'pipelines/systemd/acceptstream.yaml'), '/etc/acceptstream/acceptstream.yaml');
  archive.file(`${UNITS}/check.service`, here('check.service'));
  for (const name of ['acceptstream.service', 'check.service'])
    archive.link(`${UNITS}/multi-user.target.wants/${name}`, `${UNITS}/${name}`);
  // For ExecReload=; hosts have it from procps.
  archive.link('/bin/kill', '/bin/busybox');
  // With a machine-id of its own it is no first boot, which would ask questions.
  archive.file('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  // Nobody logs in.
  archive.link(`${UNITS}/getty.target`, '/dev/null');
  archive.link('/etc/systemd/system-generators/systemd-getty-generator', '/dev/null');
  archive.file('/check.sh', here('check.sh'));
  archive.file('/init', here('init.sh'), 0o755);
  return archive.bytes();
}

/**
 * Boots it and runs check.sh.
 * @returns {Promise<{status: number, stdout: string, words: string, kernel: string}>} its exit status, a line for each
 *   thing it checked, what it said beside that
 */
export async function checkService({ onOutput } = {}) {
  const scratch = temporaryFolder(join(tmpdir(), 'acceptstream-systemd-'));
  try {
    const kernel = await findKernel(SERIES);
    if (!kernel) throw new Error(`the mirror has no kernel ${SERIES}`);
    const emulator = await findEmulator(kernel.architecture);
    const packed = await pack(ROOT, scratch.path);
    const system = await systemArchive({ root: ROOT, packed, busybox: emulator.busybox });
    const archives = [await userlandArchive(), system, serviceArchive()];
    const end = await runGuest({ kernel, emulator, archives }, { timeoutMs: TIMEOUT_MS, onOutput });
    return { status: end.status, stdout: end.stdout, words: stderrOf(end.console), kernel: kernel.release };
  } finally {
    scratch.remove();
  }
}
