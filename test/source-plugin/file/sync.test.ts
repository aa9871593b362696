import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSingleFile } from '../../../source-plugin/file/single.js';
import { openFileSink } from '../../../source-plugin/file/sink.js';
import { batchOf, optionsIn, scratch, sequencesIn, visible } from './support.js';

const SECOND = 1000;

/** A call of fdatasync that has not returned. */
interface Pending {
  resolve(): void;
  reject(error: Error): void;
}

const pending: Pending[] = [];
const told: string[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const file = await open('/dev/null');
  const prototype = Object.getPrototypeOf(file) as { datasync(): Promise<void> };
  await file.close();
  vi.spyOn(prototype, 'datasync').mockImplementation(
    () => new Promise<void>((resolve, reject) => pending.push({ resolve, reject })),
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  pending.splice(0);
  told.splice(0);
});

const failure = () => Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The call that the sink makes once a second has passed. */
async function nextSync(): Promise<Pending> {
  vi.advanceTimersByTime(SECOND);
  await settle();
  return pending.shift() ?? expect.unreachable('nothing was synced');
}

function openIn(folder: string) {
  const tell = (message: string) => told.push(message);
  return openFileSink(optionsIn(folder), { onWarn: tell, onNote: tell });
}

test('the disk is asked to take what was written once a second, and not when there is nothing', async () => {
  const folder = scratch();
  const sink = openIn(folder);
  await sink.write(batchOf(1));
  expect(pending).toEqual([]);
  (await nextSync()).resolve();
  vi.advanceTimersByTime(SECOND);
  await settle();
  expect(pending).toEqual([]);
  await sink.close();
  expect(await sequencesIn(folder)).toEqual([1]);
});

test('a file gets its name when the disk has it, also when that is under way already', async () => {
  const folder = scratch();
  const sink = openIn(folder);
  await sink.write(batchOf(1));
  const sync = await nextSync();
  const closed = sink.close();
  await settle();
  expect(visible(folder)).toEqual([expect.stringMatching(/\.part$/)]);
  sync.resolve();
  await closed;
  expect(visible(folder)).toEqual([expect.stringMatching(/\.avro$/)]);
});

test('what the disk did not take is told, the file keeps its unfinished name, and the next write begins a new one', async () => {
  const folder = scratch();
  const sink = openIn(folder);
  await sink.write(batchOf(1));
  (await nextSync()).reject(failure());
  await settle();
  await expect(sink.write(batchOf(2))).rejects.toMatchObject({
    code: 'SINK',
    message: expect.stringMatching(/000001\.avro\.part: the device fails: see the log of the kernel \(EIO\)$/),
  });
  await sink.write(batchOf(2));
  const closed = sink.close();
  await settle();
  pending.shift()?.resolve();
  await closed;
  expect(visible(folder).map((name) => name.replace(/^.*Z-/, ''))).toEqual(['000001.avro.part', '000002.avro']);
});

test('at the end it is told, too', async () => {
  const sink = await openSingleFile(join(scratch(), 'a.avro'));
  await sink.write(batchOf(1));
  const closed = sink.close();
  await settle();
  pending.shift()?.reject(failure());
  await expect(closed).rejects.toMatchObject({ code: 'SINK', message: expect.stringContaining('EIO') });
});
