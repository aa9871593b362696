// A compiler for arm64 on any host; its headers and libraries are also what a guest runs on: those of Debian 12.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, cached } from '../cache.mjs';
import { Debian } from '../debian.mjs';

const SUITE = 'bookworm';
// The linker's own libraries are Debian's, whatever this host's are; where the folder lies is known at each call only.
const LINKER = `#!/bin/sh
root=$(dirname "$0")
libraries=$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu
exec "$root/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$root"/usr/lib/llvm-*/bin/ld.lld "$@"
`;

async function unpacked(packages, architecture, { parts = ['*'], then = () => {} } = {}) {
  const apt = new Debian(join(CACHE, `apt-${SUITE}-${architecture}`), [SUITE], architecture);
  await apt.update();
  const closure = (await apt.closure(packages, SUITE)).sort();
  const version = createHash('sha256').update(closure.join('\n')).digest('hex').slice(0, 12);
  return cached(`${packages[0]}-${architecture}-${version}`, async (folder) => {
    await apt.unpack(closure, folder, parts);
    then(folder);
  });
}

/** The folder of an arm64 system: a static busybox, libbpf, and what C++ programs are built with. */
export const findSystem = () => unpacked(['busybox-static', 'libbpf-dev', 'libstdc++-12-dev'], 'arm64');

// A linker for ARM, 64 bits and 32: clang makes their code wherever it runs, but the host's linker knows only the host.
async function findLinker() {
  const parts = ['*.so*', '*/bin/lld', '*/bin/ld.lld'];
  const then = (folder) => writeFileSync(join(folder, 'ld.lld'), LINKER, { mode: 0o755 });
  return join(await unpacked(['lld'], 'amd64', { parts, then }), 'ld.lld');
}

// Debian's headers and libraries, with this host's clang.
async function flags(target, system) {
  return [`--target=${target}`, `--sysroot=${system}`, `--ld-path=${await findLinker()}`];
}

/** The beginnings of commands that compile C and C++ for arm64, and C for the 32-bit programs that run there too. */
export async function crossCompiler() {
  const arm64 = await flags('aarch64-linux-gnu', await findSystem());
  const arm = await flags('arm-linux-gnueabihf', await unpacked(['libc6-dev', 'libgcc-12-dev'], 'armhf'));
  return { c: ['clang', ...arm64], cxx: ['clang++', ...arm64], c32: ['clang', ...arm] };
}
