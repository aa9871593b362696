import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fingerprint, listFiles, readStamp, removeStamp, writeStamp } from './fingerprint.mjs';
import { run } from './run.mjs';

const NODE = process.execPath;
const SCHEMAS = {
  name: 'schemas',
  after: [],
  tools: [],
  inputs: (root) => ['schemas/mapping.json', ...listFiles(root, 'schemas', /\.(avsc|mjs)$/)],
  command: () => [NODE, 'schemas/generate.mjs'],
  publish: () => ['schemas/accept.ts', 'filter-core/assembly/fields.ts', 'filter-core/assembly/templates.ts'],
};

// The objects differ only in the registers of a system call: the headers of any 64-bit machine do for both.
const HEADERS = ['x86_64', 'aarch64'].map((machine) => `-I/usr/include/${machine}-linux-gnu`);

/** `arch` as process.arch has it, `target` as libbpf's headers name it. */
const bpfStep = (arch, target) => ({
  name: `bpf.${arch}`,
  after: [],
  tools: ['clang', 'libbpf'],
  inputs: (root) => listFiles(root, 'bpf', /\.[ch]$/),
  command: (_root, out) => [
    ...['clang', '-target', 'bpf', `-D__TARGET_ARCH_${target}`, '-g', '-O2', '-Wall', '-Werror'],
    // The package is the same wherever it is built.
    '-fdebug-compilation-dir=.',
    ...[...HEADERS, '-Ibpf', '-c', 'bpf/accept.bpf.c', '-o', out],
  ],
  publish: (root, out) => publishFile(root, out, `dist/acceptstream.${arch}.bpf.o`),
});

// npm puts packages into ours (a clone, a global installation) or beside it.
function packageFolder(root, name) {
  try {
    return relative(root, dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)));
  } catch {
    return `node_modules/${name}`;
  }
}

/** The one step that an installation repeats where the addon of the package doesn't load. */
export const ADDON = {
  name: 'addon',
  after: [],
  tools: ['cxx', 'libbpf'],
  inputs: (root) => ['package-lock.json', 'bpf/event.h', ...listFiles(root, 'native', /\.(cc|h)$/)],
  command: (root, out) => [
    ...['g++', '-std=c++17', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'],
    ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', '-Ibpf'],
    ...['-isystem', packageFolder(root, 'node-addon-api')],
    ...['-isystem', `${packageFolder(root, 'node-api-headers')}/include`],
    // A Node.js without OpenSSL's names is told when the addon is loaded, not at the first accept.
    ...['-Wl,-z,now', ...listFiles(root, 'native', /\.cc$/), '-o', out, '-lbpf'],
  ],
  publish: (root, out) => publishFile(root, out, 'dist/acceptstream.node'),
};

// The compiler's flags are in asconfig.json, by target.
const assemblyStep = (name, target, source, output) => ({
  name,
  after: ['schemas'],
  tools: [],
  inputs: (root) => [
    ...['package-lock.json', 'filter-core/asconfig.json'],
    ...listFiles(root, 'filter-core/assembly', /\.(ts|json)$/),
  ],
  command: (_root, out) => [
    ...[NODE, 'node_modules/assemblyscript/bin/asc.js', `filter-core/assembly/${source}`],
    ...['--config', 'filter-core/asconfig.json', '--target', target, '--outFile', out],
  ],
  publish: (root, out) => publishFile(root, out, output),
});

const CORE = assemblyStep('core', 'core', 'index.ts', 'dist/filter-core.wasm');
// The same sources once more, for the hosts that Fluent Bit has.
const FLUENT_BIT = assemblyStep('fluent-bit', 'fluent-bit', 'fluentbit.ts', 'dist/acceptstream-filter.wasm');

const TYPESCRIPT_FOLDERS = ['schemas', 'native', 'filter-core', 'source-plugin'];
const isNotAssembly = (path) => !path.startsWith('filter-core/assembly/');
const TYPESCRIPT = {
  name: 'typescript',
  after: ['schemas'],
  tools: [],
  inputs: (root) => [
    ...['package-lock.json', 'tsconfig.json'],
    ...TYPESCRIPT_FOLDERS.flatMap((folder) => listFiles(root, folder, /\.ts$/)).filter(isNotAssembly),
  ],
  command: (_root, out) => [NODE, 'node_modules/typescript/bin/tsc', '-p', '.', '--outDir', out],
  publish: (root, out) => publishFolders(root, out),
};

/** The build, in an order in which every step comes behind those it needs. */
export const STEPS = [SCHEMAS, bpfStep('x64', 'x86'), bpfStep('arm64', 'arm64'), ADDON, CORE, FLUENT_BIT, TYPESCRIPT];

const STATE = 'dist/.setup';
const TEMPORARY = `${STATE}/new`;

function publishFile(root, out, output) {
  renameSync(join(root, out), join(root, output));
  return [output];
}

// A folder is replaced whole, so that the output of a deleted source goes too.
function publishFolders(root, out) {
  const folders = readdirSync(join(root, out));
  for (const folder of folders) {
    const target = join(root, 'dist', folder);
    if (existsSync(target)) renameSync(target, join(root, TEMPORARY, `old-${folder}`));
    renameSync(join(root, out, folder), target);
    rmSync(join(root, TEMPORARY, `old-${folder}`), { recursive: true, force: true });
  }
  return folders.flatMap((folder) => listFiles(root, `dist/${folder}`, /./));
}

const stampPath = (root, step) => join(root, STATE, `${step.name}.json`);

// Which node runs a compiler doesn't change what it makes.
function inputsOf(root, step) {
  const command = step.command(root, 'out').map((part) => (part === NODE ? 'node' : part));
  return fingerprint(root, step.inputs(root), command.join(' '));
}

/** True when the step's outputs are there, whole, and made from what the sources are now. */
export function isFresh(root, step) {
  const stamp = readStamp(stampPath(root, step));
  return stamp?.inputs === inputsOf(root, step) && stamp.outputs === fingerprint(root, stamp.files);
}

/** Steps that will run, as far as can be told before the first has. */
export function staleSteps(root, steps = STEPS) {
  const stale = new Set();
  for (const step of steps) {
    if (step.after.some((name) => stale.has(name)) || !isFresh(root, step)) stale.add(step.name);
  }
  return steps.filter((step) => stale.has(step.name));
}

async function build(root, step, held) {
  const inputs = inputsOf(root, step);
  removeStamp(stampPath(root, step));
  const out = `${TEMPORARY}/${step.name}`;
  await run(step.command(root, out), { name: `build ${step.name}`, cwd: root, held });
  const files = step.publish(root, out);
  writeStamp(stampPath(root, step), { inputs, outputs: fingerprint(root, files), files });
}

/** Runs the steps that aren't fresh, side by side where they don't need each other. The caller holds the lock. */
export async function runSteps(root, held, steps = STEPS) {
  rmSync(join(root, TEMPORARY), { recursive: true, force: true });
  mkdirSync(join(root, TEMPORARY), { recursive: true });
  const runs = new Map();
  for (const step of steps) {
    const before = Promise.all(step.after.map((name) => runs.get(name)));
    runs.set(
      step.name,
      before.then(() => (isFresh(root, step) ? undefined : build(root, step, held))),
    );
  }
  const ends = await Promise.allSettled(runs.values());
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
}
