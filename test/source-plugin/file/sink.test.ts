import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Sink } from '../../../source-plugin/contracts.js';
import { Recording } from '../../../source-plugin/file/recording.js';
import { type FileOptions, openFileSink } from '../../../source-plugin/file/sink.js';
import { until } from '../../support/until.js';
import { acknowledged, batchOf, optionsIn, recorded, scratch, sequencesIn, startWriting, visible } from './support.js';

const NAME = /^accepts-\d{8}T\d{6}Z-(\d{6})\.avro$/;
const log: string[] = [];
afterEach(() => log.splice(0));

function open(options: FileOptions): Sink {
  const sink = openFileSink(options, {
    onWarn: (message) => log.push(`warn: ${message}`),
    onNote: (message) => log.push(`note: ${message}`),
  });
  onTestFinished(() => sink.close().catch(() => {}));
  return sink;
}

const numbers = (names: Iterable<string>) => [...names].map((name) => Number(NAME.exec(name)?.[1]));

test.each(['none', 'deflate'] as const)(
  'a file with compression %s has its name when it is finished',
  async (compression) => {
    const folder = scratch();
    const sink = open(optionsIn(folder, { compression }));
    expect(visible(folder)).toEqual([]);
    await sink.write(batchOf(1, 2));
    await sink.write(batchOf(3));
    const [part = ''] = visible(folder);
    expect(part).toMatch(/^accepts-\d{8}T\d{6}Z-000001\.avro\.part$/);
    expect([...(await recorded(folder, '.part')).values()]).toEqual([[1, 2, 3]]);
    await sink.close();
    expect(visible(folder)).toEqual([part.replace('.part', '')]);
    expect(await sequencesIn(folder)).toEqual([1, 2, 3]);
    expect(statSync(join(folder, part.replace('.part', ''))).mode & 0o777).toBe(0o600);
    expect(log).toEqual([expect.stringMatching(/^note: finished \S+-000001\.avro: 3 records, \d+ bytes$/)]);
  },
);

test('a quiet day leaves no file', async () => {
  const folder = scratch();
  await open(optionsIn(folder)).close();
  expect(visible(folder)).toEqual([]);
});

test('the folder is created for this user alone, those above it are not', async () => {
  const folder = scratch();
  await open(optionsIn(join(folder, 'new'))).close();
  expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
  expect(() => open(optionsIn(join(folder, 'not/there')))).toThrow(
    expect.objectContaining({ code: 'SINK', message: expect.stringMatching(/cannot create .*not\/there: the folder/) }),
  );
});

test('it is finished once it is large, and the next one begins', async () => {
  const folder = scratch();
  const sink = open(optionsIn(folder, { rotate_bytes: 1 }));
  for (const sequence of [1, 2, 3]) await sink.write(batchOf(sequence));
  await sink.close();
  const files = await recorded(folder);
  expect(numbers(files.keys())).toEqual([1, 2, 3]);
  expect([...files.values()]).toEqual([[1], [2], [3]]);
  expect(visible(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('it is finished once it is old, although no record comes', async () => {
  const folder = scratch();
  const sink = open(optionsIn(folder, { rotate_ms: 50 }));
  await sink.write(batchOf(1));
  await until('the file', () => visible(folder).some((name) => NAME.test(name)));
  await sink.write(batchOf(2));
  await sink.close();
  expect([...(await recorded(folder)).values()]).toEqual([[1], [2]]);
});

test('numbers go on in the next run', async () => {
  const folder = scratch();
  writeFileSync(join(folder, 'accepts-20990101T000000Z-000041.avro'), '');
  const sink = open(optionsIn(folder));
  await sink.write(batchOf(1));
  await sink.close();
  expect(numbers(visible(folder)).sort()).toEqual([41, 42]);
});

describe('retention', () => {
  const others = ['accepts.avro', 'accepts-1.avro', 'accepts-b-20200101T000000Z-000001.avro', 'other.txt'];

  async function write(fields: Partial<FileOptions>): Promise<{ folder: string; sequences: number[] }> {
    const folder = scratch();
    for (const name of others) writeFileSync(join(folder, name), 'mine');
    const sink = open(optionsIn(folder, { rotate_bytes: 1, ...fields }));
    for (const sequence of [1, 2, 3, 4, 5]) await sink.write(batchOf(sequence));
    await sink.close();
    expect(others.filter((name) => !visible(folder).includes(name))).toEqual([]);
    for (const name of others) rmSync(join(folder, name));
    return { folder, sequences: await sequencesIn(folder) };
  }

  test('by count', async () => {
    const { folder, sequences } = await write({ retain_files: 2 });
    expect(sequences).toEqual([4, 5]);
    expect(log.filter((line) => line.startsWith('note: deleted'))).toEqual(
      [1, 2, 3].map((number) => expect.stringMatching(`^note: deleted ${folder}/accepts-\\w+-00000${number}\\.avro: `)),
    );
  });

  test('by bytes, all files together', async () => {
    const size = await write({}).then(({ folder }) => statSync(join(folder, visible(folder)[0] ?? '')).size);
    expect((await write({ retain_bytes: 3 * size })).sequences).toEqual([3, 4, 5]);
    expect((await write({ retain_bytes: 3 * size - 1 })).sequences).toEqual([4, 5]);
  });

  test('the newest stays, however large', async () => {
    expect((await write({ retain_bytes: 1 })).sequences).toEqual([5]);
  });

  test('the one being written does not count until it is finished', async () => {
    const folder = scratch();
    await open(optionsIn(folder, { rotate_bytes: 1 })).write(batchOf(1));
    await until('a file', () => visible(folder).some((name) => NAME.test(name)));
    const sink = open(optionsIn(folder, { retain_files: 1 }));
    await sink.write(batchOf(2));
    expect(visible(folder)).toHaveLength(2);
    await sink.close();
    expect(await sequencesIn(folder)).toEqual([2]);
  });
});

test('a second process is refused until the first has ended', async () => {
  const options = optionsIn(scratch());
  const child = startWriting({ options });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  let stdout = '';
  child.stdout?.on('data', (bytes) => (stdout += String(bytes)));
  await until('a write', () => acknowledged(stdout) > 0);
  expect(() => open(options)).toThrow(
    expect.objectContaining({ code: 'SINK', message: expect.stringMatching(/another process writes to this path/) }),
  );
  child.kill('SIGKILL');
  await ended;
  await open(options).close();
  expect(log).toEqual([
    expect.stringMatching(/^warn: finished accepts-\S+\.avro, which was left unfinished: \d+ records/),
  ]);
});

test('a sink that is configured anew takes over from its former self', async () => {
  const folder = scratch();
  const former = open(optionsIn(folder));
  await former.write(batchOf(1));
  const next = open(optionsIn(folder, { compression: 'deflate' }));
  await former.write(batchOf(2));
  await next.write(batchOf(3));
  await former.close();
  await next.write(batchOf(4));
  await next.close();
  expect([...(await recorded(folder)).values()]).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(log.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('no link is followed', async () => {
  const folder = scratch();
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'mine');
  symlinkSync(victim, join(folder, 'link'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  for (const name of ['link', 'dangling'])
    await expect(Recording.create(join(folder, name), 'null')).rejects.toMatchObject({ code: 'SINK' });
  symlinkSync(victim, join(folder, '.accepts.avro.lock'));
  expect(() => open(optionsIn(folder))).toThrow(/is a symbolic link.*ELOOP/);
  rmSync(join(folder, '.accepts.avro.lock'));
  symlinkSync(victim, join(folder, 'accepts-20200101T000000Z-000001.avro.part'));
  expect(() => open(optionsIn(folder))).toThrow(/is a symbolic link.*ELOOP/);
  expect(statSync(victim).size).toBe(4);
  expect(visible(folder)).not.toContain('nowhere');
});

describe('what others do to it', () => {
  test('a file that is deleted is replaced, and that is told', async () => {
    const folder = scratch();
    const sink = open(optionsIn(folder));
    await sink.write(batchOf(1));
    rmSync(join(folder, visible(folder)[0] ?? ''));
    await sink.write(batchOf(2));
    await sink.close();
    expect(await sequencesIn(folder)).toEqual([2]);
    expect(log).toContainEqual(expect.stringMatching(/^warn: \S+\.part was deleted before it was finished/));
  });

  test('a folder that is deleted is told with what to do, and goes on when it is back', async () => {
    const folder = scratch();
    const sink = open(optionsIn(folder));
    await sink.write(batchOf(1));
    rmSync(folder, { recursive: true });
    await expect(sink.write(batchOf(2))).rejects.toMatchObject({
      code: 'SINK',
      message: expect.stringContaining('the folder is not there: create it (ENOENT)'),
    });
    mkdirSync(folder);
    await sink.write(batchOf(2));
    await sink.close();
    expect(await sequencesIn(folder)).toEqual([2]);
  });

  test('a file that is moved away can not be finished, which the end tells', async () => {
    const folder = scratch();
    const sink = open(optionsIn(folder));
    await sink.write(batchOf(1));
    const part = join(folder, visible(folder)[0] ?? '');
    renameSync(part, `${part}.moved`);
    await expect(sink.close()).rejects.toMatchObject({
      code: 'SINK',
      message: expect.stringContaining('cannot finish'),
    });
  });

  test('a name that is taken is not replaced', async () => {
    const folder = scratch();
    const sink = open(optionsIn(folder));
    await sink.write(batchOf(1));
    const final = join(folder, visible(folder)[0]?.replace('.part', '') ?? '');
    writeFileSync(final, 'mine');
    await expect(sink.close()).rejects.toMatchObject({ message: expect.stringContaining('it is there already') });
    expect(statSync(final).size).toBe(4);
  });
});

test('after close nothing is written, and a second close does nothing', async () => {
  const folder = scratch();
  const sink = open(optionsIn(folder));
  await sink.close();
  await sink.close();
  await expect(sink.write(batchOf(1))).rejects.toMatchObject({ code: 'SINK' });
  expect(readdirSync(folder)).toEqual(['.accepts.avro.lock']);
});
