import { describe, expect, test } from 'vitest';
import { Clone } from './clone.js';

const COMPILERS = ['clang', 'g++', 'cc'];
const BUILD = [
  'build schemas',
  'build bpf.x64',
  'build bpf.arm64',
  'build addon',
  'build core',
  'build fluent-bit',
  'build typescript',
];
const told = (stderr: string) => stderr.split('\n').slice(0, -1);
const steps = (lines: string[]) => lines.map((line) => line.replace('acceptstream: ', ''));

/** A machine and a clone on which everything is built, with nothing called yet. */
async function builtClone(): Promise<Clone> {
  const clone = new Clone([...COMPILERS, 'npm']);
  expect(await clone.run('build.mjs')).toMatchObject({ status: 0 });
  clone.calls();
  return clone;
}

describe('on a machine with nothing', () => {
  test('names what is missing, installs it, builds, and runs the program with its arguments', async () => {
    const clone = new Clone(['apt-get', 'sudo', 'npm']);
    clone.remember('sudoer');
    const { status, stdout, stderr } = await clone.run('acceptstream.mjs', ['-t', '-P', '80,443']);
    expect(stdout).toBe('["-t","-P","80,443"]\n');
    expect(status).toBe(7);
    const lines = steps(told(stderr));
    expect(lines[0]).toBe(
      "missing: clang with the bpf target; a C++17 compiler (g++); libbpf's headers and library; 1 npm packages; " +
        'the build of schemas, bpf.x64, bpf.arm64, addon, core, fluent-bit, typescript',
    );
    const packages = 'apt-get install clang g++ libbpf-dev';
    expect(lines.slice(1, 5)).toEqual([packages, 'apt-get update', packages, 'npm ci']);
    expect(lines.slice(5).sort()).toEqual([...BUILD].sort());
  });

  test('apt-get is called for the missing packages only, and not updated without need', async () => {
    const clone = new Clone(['apt-get', 'sudo', 'npm', 'clang']);
    for (const state of ['sudoer', 'updated']) clone.remember(state);
    await clone.run('build.mjs');
    const calls = clone.calls().filter((call) => call.startsWith('apt-get') && !call.endsWith('--version'));
    expect(calls).toEqual(['apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends g++ libbpf-dev']);
  });

  test('says what failed and what to do when packages can not be installed', async () => {
    const clone = new Clone(['sudo', 'npm']);
    clone.remember('sudoer');
    const { status, stdout, stderr } = await clone.run('acceptstream.mjs');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('apt-get update failed');
    expect(stderr).not.toContain('at ');
  });
});

describe('on a machine where all is built', () => {
  test('does nothing and says nothing', async () => {
    const clone = await builtClone();
    expect(await clone.run('acceptstream.mjs')).toMatchObject({ status: 7, stdout: '[]\n', stderr: '' });
    expect(clone.calls()).toEqual([]);
  });

  test.each([
    ['bpf/accept.bpf.c', ['build bpf.x64', 'build bpf.arm64'], ['clang', 'clang']],
    ['native/addon.cc', ['build addon'], ['g++']],
    ['filter-core/assembly/index.ts', ['build core', 'build fluent-bit'], ['--outFile', '--outFile']],
    ['source-plugin/main.ts', ['build typescript'], ['--outDir']],
    ['README.md', [], []],
  ])('a change in %s runs only the step it belongs to', async (file, built, programs) => {
    const clone = await builtClone();
    clone.write(file, 'changed');
    const { stderr } = await clone.run('build.mjs');
    expect(steps(told(stderr)).slice(1)).toEqual(built);
    expect(clone.calls().map((call) => call.split(' ')[0])).toEqual(programs);
  });

  test('what the schemas generate decides whether the steps behind them run', async () => {
    const clone = await builtClone();
    clone.write('schemas/accept.avsc', '{ "doc": "changed" }');
    await clone.run('build.mjs');
    expect(clone.calls()).toEqual(['generate']);
  });

  test.each([
    ['dist/acceptstream.arm64.bpf.o', 'clang'],
    ['dist/acceptstream.node', 'g++'],
    ['dist/filter-core.wasm', '--outFile'],
    ['dist/source-plugin/main.js', '--outDir'],
    ['schemas/accept.ts', 'generate'],
  ])('%s is made again when it was changed', async (file, program) => {
    const clone = await builtClone();
    clone.write(file, 'half a f');
    await clone.run('build.mjs');
    expect(clone.calls().map((call) => call.split(' ')[0])).toEqual([program]);
    expect(clone.read(file)).not.toBe('half a f');
  });

  test.each([
    ['package-lock.json', '{ "packages": { "": {}, "node_modules/typescript": { "version": "1.0.1" } } }'],
    ['node_modules/.package-lock.json', '{}'],
  ])('a changed %s installs the npm packages again', async (file, text) => {
    const clone = await builtClone();
    clone.write(file, text);
    await clone.run('build.mjs');
    expect(clone.calls()).toContain('npm ci --loglevel=error');
  });
});

test('a failing compiler is quoted, ends with status 1, and leaves the last good output', async () => {
  const clone = await builtClone();
  clone.remember('break');
  clone.write('native/addon.cc', 'changed');
  const { status, stderr } = await clone.run('build.mjs');
  expect(status).toBe(1);
  expect(told(stderr).slice(2)).toEqual([
    'something.cc: broken',
    'acceptstream: build addon failed (g++: exit status 1)',
  ]);
  expect(clone.read('dist/acceptstream.node')).toBe('built by g++\n');
  clone.forget('break');
  clone.calls();
  expect(await clone.run('build.mjs')).toMatchObject({ status: 0 });
  expect(clone.calls().map((call) => call.split(' ')[0])).toEqual(['g++']);
});

test('an installed package, which has no lockfile, is run as it is', async () => {
  const clone = await builtClone();
  clone.write('native/addon.cc', 'changed');
  clone.remove('package-lock.json');
  expect(await clone.run('acceptstream.mjs', ['-h'])).toMatchObject({ status: 7, stdout: '["-h"]\n', stderr: '' });
  expect(clone.calls()).toEqual([]);
});
