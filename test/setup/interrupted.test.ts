import { expect, test } from 'vitest';
import { until } from '../support/until.js';
import { Clone } from './clone.js';

const READY = ['clang', 'g++', 'cc', 'npm'];
const PROGRAMS = ['--outDir', '--outFile', '--outFile', 'clang', 'clang', 'g++', 'generate', 'npm'];
const programs = (calls: string[]) => calls.map((call) => call.split(' ')[0]).sort();

/** A set-up that is in the middle of npm ci. */
async function heldSetUp(clone: Clone) {
  clone.remember('hold');
  const setUp = clone.start('build.mjs');
  await until('npm ci is running', () => clone.calls().includes('npm ci --loglevel=error'));
  return setUp;
}

/** Starts a second set-up and waits until it says that it waits. */
async function waitingSetUp(clone: Clone) {
  const second = clone.start('build.mjs');
  let said = '';
  second.child.stderr?.on('data', (text) => {
    said += text;
  });
  await until('the second set-up waits', () => said.includes('waiting for another set-up'));
  return second;
}

test('two set-ups at once: the second waits and finds everything done', async () => {
  const clone = new Clone(READY);
  const first = await heldSetUp(clone);
  const second = await waitingSetUp(clone);
  clone.forget('hold');
  expect(await first.ended).toMatchObject({ status: 0 });
  expect(await second.ended).toMatchObject({ status: 0 });
  expect(programs(clone.calls())).toEqual(PROGRAMS.filter((program) => program !== 'npm'));
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends the running program and the set-up; the next one repairs', async (signal, status) => {
  const clone = new Clone(READY);
  const first = await heldSetUp(clone);
  first.child.kill(signal);
  expect(await first.ended).toMatchObject({ status });
  clone.forget('hold');
  clone.calls();
  expect(await clone.run('build.mjs')).toMatchObject({ status: 0 });
  expect(programs(clone.calls())).toEqual(PROGRAMS);
});

test('after kill -9 the next set-up waits for the programs that go on, then repairs', async () => {
  const clone = new Clone(READY);
  const first = await heldSetUp(clone);
  first.child.kill('SIGKILL');
  const second = await waitingSetUp(clone);
  clone.forget('hold');
  expect(await second.ended).toMatchObject({ status: 0 });
  expect(await clone.run('build.mjs')).toMatchObject({ status: 0, stderr: '' });
});
