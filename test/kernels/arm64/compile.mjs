// Programs for arm64, made by this host's clang.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ADDON } from '../../../source-plugin/setup/steps.mjs';
import { findLinker, findSystem } from './debian.mjs';

const runs = promisify(execFile);

async function flags() {
  const [system, linker] = [await findSystem(), await findLinker()];
  return ['--target=aarch64-linux-gnu', `--sysroot=${system}`, `--ld-path=${linker}`];
}

/** Builds the addon of a clone as its own build does, but for arm64. */
export async function compileAddon(root, target) {
  const [, ...args] = ADDON.command(root, target);
  await runs('clang++', [...(await flags()), ...args], { cwd: root });
}
