// The emulator: of Debian 12's backports on every host, with all its libraries, unpacked and not installed.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CACHE, cached } from './cache.mjs';
import { Debian } from './debian.mjs';

// Debian 12's own 7.2 panics kernel 6.12 in a quarter of the boots.
const SUITE = 'bookworm-backports';
const LIBRARIES = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'];

/** @returns {Promise<{argv: string[], busybox: string}>} the emulator's command line, and a static busybox for its guests */
export async function findEmulator({ emulator }) {
  const apt = new Debian(join(CACHE, 'apt-emulator'), ['bookworm', 'bookworm-backports']);
  await apt.update();
  const packages = (await apt.closure([emulator.package, 'busybox-static'], SUITE)).sort();
  const version = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const root = await cached(`qemu-${version}`, (folder) => apt.unpack(packages, folder));
  const libraries = LIBRARIES.map((path) => join(root, path)).join(':');
  const loader = [join(root, 'lib64/ld-linux-x86-64.so.2'), '--library-path', libraries];
  const firmware = ['qemu', 'seabios'].flatMap((name) => ['-L', join(root, 'usr/share', name)]);
  return {
    argv: [...loader, join(root, 'usr/bin', emulator.program), ...firmware],
    busybox: join(root, 'bin/busybox'),
  };
}
