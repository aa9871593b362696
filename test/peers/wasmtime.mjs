import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cached } from '../kernels/cache.mjs';

const VERSION = '50.0.1';
// A wheel has all it needs, and goes into a folder of its own.
const OPTIONS = ['--quiet', '--no-deps', '--only-binary', ':all:', '--disable-pip-version-check'];

async function install(folder) {
  await promisify(execFile)('pip3', ['install', ...OPTIONS, '--target', folder, `wasmtime==${VERSION}`]);
}

/**
 * Wasmtime for Python, of PyPI.
 * @returns {Promise<{folder: string, reason: string}>} where Python finds it, or why it can't be had
 */
export async function wasmtimePeer() {
  try {
    return { folder: await cached(`wasmtime-${VERSION}`, install), reason: '' };
  } catch (error) {
    const why =
      error.code === 'ENOENT' ? 'pip3' : `wasmtime ${VERSION}: ${String(error.stderr).trim().split('\n').at(-1)}`;
    return { folder: '', reason: `needs ${why}` };
  }
}
