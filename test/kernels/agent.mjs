// The test agent as guests have it: compiled TypeScript beside the package's own files, and C programs without libraries.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { Archive } from './archive.mjs';
import { PACKAGE } from './guest.mjs';

const HOME = '/srv';
const PROGRAMS = `${HOME}/programs`;
const MAIN = 'test/kernels/agent/main.ts';
const FLAGS = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-static'];
// By compiler, for 64 bits and for 32.
const SOURCES = {
  c: { scenario: 'scenario', burst: 'burst.c', bpfmap: 'bpfmap.c' },
  c32: { scenario32: 'scenario' },
};
const TO_SCRIPT = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
// A guest has little CPU, and shares it.
const DEADLINE_MS = 180_000;

/** Command line of the agent in a guest, for its shell. */
export const COMMAND = [
  `ACCEPTSTREAM_TEST_PROGRAMS=${PROGRAMS}`,
  `ACCEPTSTREAM_TEST_DEADLINE_MS=${DEADLINE_MS}`,
  `exec node ${HOME}/${MAIN.replace(/\.ts$/, '.js')}`,
].join(' ');

// The TypeScript files of test/ that one needs, itself included. What is outside test/ the package has.
function filesOf(root, path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'));
  for (const { fileName } of importedFiles) {
    const target = join(dirname(path), fileName).replace(/\.js$/, '.ts');
    if (fileName.startsWith('.') && target.startsWith('test/') && existsSync(join(root, target)))
      filesOf(root, target, found);
  }
  return found;
}

function addScripts(archive, root) {
  for (const path of filesOf(root, MAIN)) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, path), 'utf8'), { compilerOptions: TO_SCRIPT });
    archive.file(`${HOME}/${path.replace(/\.ts$/, '.js')}`, outputText);
  }
  archive.file(`${HOME}/package.json`, '{"type":"module"}\n');
  archive.link(`${HOME}/dist`, `${PACKAGE}/dist`);
  for (const folder of ['schemas', 'native', 'filter-core', 'source-plugin'])
    archive.link(`${HOME}/${folder}`, `${PACKAGE}/dist/${folder}`);
}

function filesBelow(workload, source) {
  if (source.endsWith('.c')) return [source];
  const files = readdirSync(join(workload, source)).filter((file) => file.endsWith('.c'));
  return files.map((file) => join(source, file));
}

function addPrograms(archive, root, { scratch, compilers }) {
  const workload = join(root, 'test/workload');
  for (const [kind, [compiler, ...flags]] of Object.entries(compilers)) {
    for (const [name, source] of Object.entries(SOURCES[kind])) {
      const argv = [...flags, ...FLAGS, '-o', join(scratch, name), ...filesBelow(workload, source)];
      execFileSync(compiler, argv, { cwd: workload, stdio: 'pipe' });
      archive.copy(join(scratch, name), `${PROGRAMS}/${name}`);
    }
  }
}

/** The archive that adds the agent to a guest; `scratch` is a folder for what is compiled, `compilers` are beginnings of commands. */
export function agentArchive(root, scratch, compilers = { c: ['gcc'] }) {
  const archive = new Archive();
  addScripts(archive, root);
  addPrograms(archive, root, { scratch, compilers });
  archive.file('/command', `${COMMAND}\n`);
  return archive.bytes();
}

/** The archive that adds what differs by kernel: its modules. */
export function modulesArchive({ modules }) {
  const archive = new Archive();
  for (const path of modules) archive.copy(path, `/modules/${relative(dirname(path), path)}`);
  return archive.bytes();
}
