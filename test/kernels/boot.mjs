// node test/kernels/boot.mjs [--root CLONE] SERIES -- COMMAND …: runs a command in a guest with the clone's build.
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';
import { Archive } from './archive.mjs';
import { findEmulator } from './emulator.mjs';
import { pack, systemArchive } from './guest.mjs';
import { findKernel, SERIES } from './kernels.mjs';
import { runGuest, stderrOf } from './qemu.mjs';

const USAGE = `usage: node test/kernels/boot.mjs [--root CLONE] [--add PATH]… [--console] [--timeout SECONDS] SERIES -- COMMAND …
  SERIES   one of ${SERIES.join(', ')}
  --root   the clone whose package the guest has (this one)
  --add    a file or folder that the guest has at the same path; a program needs its libraries too
  --console  shows all that the kernel said, not only what the command said to stderr
`;

function usage() {
  process.stderr.write(USAGE);
  return process.exit(2);
}

function parse() {
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const options = {
    root: { type: 'string', default: root },
    add: { type: 'string', multiple: true, default: [] },
    console: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '300' },
  };
  const end = process.argv.indexOf('--');
  if (end < 0 || end === process.argv.length - 1) usage();
  const args = process.argv.slice(2, end);
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length !== 1) usage();
  return { ...values, series: positionals[0], argv: process.argv.slice(end + 1) };
}

const quote = (word) => `'${word.replaceAll("'", `'\\''`)}'`;

function jobArchive({ argv, add }) {
  const archive = new Archive();
  archive.file('/command', `${argv.map(quote).join(' ')}\n`);
  for (const path of add) archive.copy(resolve(path), resolve(path));
  return archive.bytes();
}

async function boot(options) {
  const scratch = temporaryFolder(join(tmpdir(), 'acceptstream-boot-'));
  const root = resolve(options.root);
  const kernel = await findKernel(options.series);
  if (!kernel) throw new Error(`the mirror has no kernel ${options.series}`);
  const packed = await pack(root, scratch.path);
  const emulator = await findEmulator(kernel.architecture);
  const { busybox = emulator.busybox, addRuntime } = await kernel.architecture.parts(root, scratch.path);
  const system = await systemArchive({ root, packed, busybox, addRuntime });
  scratch.remove();
  const archives = [system, jobArchive(options)];
  const onOutput = (bytes) => process.stdout.write(bytes);
  const end = await runGuest({ kernel, emulator, archives }, { timeoutMs: options.timeout * 1000, onOutput });
  process.stderr.write(options.console ? end.console : stderrOf(end.console));
  return end.status;
}

try {
  process.exitCode = await boot(parse());
} catch (error) {
  process.stderr.write(`boot: ${error.message}\n`);
  process.exitCode = 125;
}
