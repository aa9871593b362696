import { lstatSync, readdirSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Clone } from './clone.js';

const NOBODY = 65534;
const COMPILERS = ['clang', 'g++', 'cc'];
const isRoot = process.geteuid?.() === 0;

async function usersClone(installed: readonly string[]): Promise<Clone> {
  const clone = new Clone(installed);
  const paths = readdirSync(clone.path, { recursive: true, encoding: 'utf8' });
  for (const path of ['.', ...paths]) await chown(join(clone.path, path), NOBODY, NOBODY);
  return clone;
}

function ownersIn(clone: Clone): number[] {
  const paths = readdirSync(clone.path, { recursive: true, encoding: 'utf8' });
  return [...new Set(paths.map((path) => lstatSync(join(clone.path, path)).uid))];
}

describe.skipIf(!isRoot)(isRoot ? 'callers and owners' : 'callers and owners (skipped: needs root)', () => {
  test("root in a user's clone installs packages as root and builds as the user", async () => {
    const clone = await usersClone(['apt-get', 'npm']);
    clone.remember('updated');
    const { status, stdout, stderr } = await clone.run('acceptstream.mjs');
    expect({ status, stdout }).toEqual({ status: 7, stdout: '[]\n' });
    expect(stderr.match(/missing: /g)).toHaveLength(1);
    expect(ownersIn(clone)).toEqual([NOBODY]);
    expect(await clone.run('acceptstream.mjs')).toMatchObject({ status: 7, stderr: '' });
  });

  test("a failing build in a user's clone is root's failure too", async () => {
    const clone = await usersClone([...COMPILERS, 'npm']);
    clone.remember('break');
    expect(await clone.run('acceptstream.mjs')).toMatchObject({ status: 1, stdout: '' });
  });

  test('a user who may sudo uses it for apt-get and capture, and for nothing else', async () => {
    const clone = await usersClone(['apt-get', 'sudo', 'npm']);
    for (const state of ['sudoer', 'updated']) clone.remember(state);
    const ended = await clone.run('acceptstream.mjs', ['--capture'], NOBODY);
    expect(ended).toMatchObject({ status: 9, stdout: 'captured as root\n' });
    const calls = clone.calls().filter((call) => call.startsWith('sudo') && !call.includes('--version'));
    const command = join(clone.path, 'source-plugin/setup/acceptstream.mjs');
    expect(calls).toEqual([
      'sudo DEBIAN_FRONTEND=noninteractive -- apt-get -o DPkg::Lock::Timeout=120 ' +
        'install -y --no-install-recommends clang g++ libbpf-dev',
      `sudo -- ${process.execPath} ${command} --capture`,
    ]);
  });

  test.each([
    ['without sudo', []],
    ['who may not use sudo', ['sudo']],
  ])('a user %s is told the command for root', async (_name, installed) => {
    const clone = await usersClone([...installed, 'apt-get', 'npm']);
    const { status, stdout, stderr } = await clone.run('acceptstream.mjs', [], NOBODY);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.split('\n').slice(1, -1)).toEqual([
      'acceptstream: installing system packages needs root, and this user may not use sudo here: run as root: apt-get update && ' +
        'apt-get install -y --no-install-recommends clang g++ libbpf-dev',
    ]);
  });

  test('a user without sudo builds and asks for help where nothing has to be installed', async () => {
    const clone = await usersClone([...COMPILERS, 'npm']);
    expect(await clone.run('acceptstream.mjs', ['-h'], NOBODY)).toMatchObject({ status: 7, stdout: '["-h"]\n' });
    const capture = await clone.run('acceptstream.mjs', ['--capture'], NOBODY);
    expect(capture).toMatchObject({ status: 1, stdout: '' });
    expect(capture.stderr).toContain('CAP_BPF and CAP_PERFMON');
  });

  test("a user in root's clone is told that it can't be written", async () => {
    const clone = new Clone([...COMPILERS, 'npm']);
    const { status, stderr } = await clone.run('build.mjs', [], NOBODY);
    expect(status).toBe(1);
    expect(stderr).toContain(`acceptstream: ${clone.path} can't be written by this user`);
  });
});
