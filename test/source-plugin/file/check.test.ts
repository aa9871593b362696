import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkFileSink } from '../../../source-plugin/file/check.js';
import { openFileSink } from '../../../source-plugin/file/sink.js';
import { describeUnless } from '../../support/reasons.js';
import { batchOf, optionsIn, scratch } from './support.js';

const QUIET = { onWarn: () => {}, onNote: () => {} };

test('it says what would be written', () => {
  const folder = scratch();
  expect(checkFileSink(optionsIn(folder))).toBe(
    `avro to files ${folder}/accepts-*.avro (compression none, a new one after 268435456 bytes or 3600000 ms)`,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('what would happen to what is there, of which nothing is done', () => {
  const folder = scratch();
  for (const number of [1, 2, 3]) writeFileSync(join(folder, `accepts-20261122T120000Z-00000${number}.avro`), 'x');
  writeFileSync(join(folder, 'accepts-20261122T120000Z-000004.avro.part'), 'x');
  const before = readdirSync(folder);
  expect(checkFileSink(optionsIn(folder, { retain_files: 1 }))).toMatch(
    /3600000 ms, 1 left unfinished would be finished, 2 old ones would be deleted\)$/,
  );
  expect(readdirSync(folder)).toEqual(before);
});

test('a folder that is not there would be created, in one that is', () => {
  const folder = scratch();
  expect(checkFileSink(optionsIn(join(folder, 'new')))).toMatch(/, the folder would be created\)$/);
  expect(() => checkFileSink(optionsIn(join(folder, 'not/there')))).toThrow(/the folder is not there: create it/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a sink that writes there is seen, until it has ended', async () => {
  const options = optionsIn(scratch());
  const sink = openFileSink(options, QUIET);
  await sink.write(batchOf(1));
  expect(() => checkFileSink(options)).toThrow(/another process writes to this path/);
  await sink.close();
  expect(checkFileSink(options)).toMatch(/3600000 ms\)$/);
});

describeUnless(process.getuid?.() === 0 ? '' : 'needs root', 'as an ordinary user', () => {
  const USER = 65_533;

  test.each([
    ['a check', checkFileSink],
    ['a start', (options: Parameters<typeof checkFileSink>[0]) => openFileSink(options, QUIET)],
  ])('%s names the user that may not write', (_name, start) => {
    const folder = join(scratch(), 'closed');
    mkdirSync(folder, { mode: 0o755 });
    const { seteuid } = process;
    onTestFinished(() => rmSync(folder, { recursive: true }));
    onTestFinished(() => seteuid?.(0));
    seteuid?.(USER);
    const message = `user ${USER}, as which it runs now, may not: give the folder to that user, or choose another (EACCES)`;
    expect(() => start(optionsIn(folder))).toThrow(
      expect.objectContaining({ code: 'SINK', message: expect.stringContaining(message) }),
    );
  });
});
