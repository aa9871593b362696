import { appendFileSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Accept } from '../../../schemas/accept.js';
import { openFileSink } from '../../../source-plugin/file/sink.js';
import { Program } from '../../support/program.js';
import { until } from '../../support/until.js';
import { batchOf, optionsIn } from '../file/support.js';
import { datumOf } from '../memory-source.js';
import { blockOf, folderOf, headerOf, SCHEMA_TEXT } from './read-support.js';

const HEADER = headerOf([[['avro.schema', SCHEMA_TEXT]]]);
const WELL = { code: 0, signal: null };
const NOTHING = () => {};

/** A block of records with these numbers. */
function block(...sequences: readonly number[]): Buffer {
  return blockOf(sequences.length, Buffer.concat(sequences.map((sequence) => datumOf({ sequence }))));
}
const file = (...sequences: readonly number[]) => Buffer.concat([HEADER, block(...sequences)]);
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index);

/** A reading that follows; what it printed are the numbers of its records. */
class Following extends Program {
  constructor(...paths: readonly string[]) {
    super(['read', '--follow', '--format', 'json', ...paths]);
    onTestFinished(() => this.signal('SIGKILL'));
  }

  get numbers(): number[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Accept).sequence);
  }

  /** Waits until it has printed as many, which are these. */
  async has(...numbers: readonly number[]): Promise<void> {
    await this.until(`the records ${numbers}`, () => this.numbers.length >= numbers.length);
    expect(this.numbers).toEqual(numbers);
  }

  async saysOnly(text: string | RegExp): Promise<void> {
    await until(
      () => `${text} in ${this.stderr}`,
      () => this.stderr.endsWith('\n'),
    );
    expect(this.stderr).toMatch(text);
  }
}

test('what is appended, a torn block when it is whole, and the end by a signal', async () => {
  const path = join(folderOf({ 'a.avro': file(1, 2) }), 'a.avro');
  const program = new Following(path);
  await program.has(1, 2);
  appendFileSync(path, block(3));
  await program.has(1, 2, 3);
  const torn = block(4, 5);
  for (const [from, to] of [
    [0, 1],
    [1, 40],
    [40, torn.length - 1],
  ])
    appendFileSync(path, torn.subarray(from, to));
  appendFileSync(path, torn.subarray(-1));
  await program.has(1, 2, 3, 4, 5);
  expect(await program.stop('SIGTERM')).toEqual(WELL);
  expect(program.stderr).toBe('');
});

test('a torn block that its recorder takes back and writes anew', async () => {
  const path = join(folderOf({ 'a.avro.part': file(1) }), 'a.avro.part');
  const program = new Following(path);
  await program.has(1);
  const { size } = statSync(path);
  appendFileSync(path, block(2, 3, 4).subarray(0, 500));
  truncateSync(path, size);
  appendFileSync(path, block(5));
  await program.has(1, 5);
  expect(await program.stop()).toEqual(WELL);
});

test('a header that comes byte by byte', async () => {
  const path = join(folderOf({ 'a.avro.part': Buffer.alloc(0) }), 'a.avro.part');
  const program = new Following(path);
  for (const part of [HEADER.subarray(0, 3), HEADER.subarray(3, 900), HEADER.subarray(900), block(1)])
    appendFileSync(path, part);
  await program.has(1);
  expect(await program.stop()).toEqual(WELL);
});

test('a sink that rotates in a folder which is empty at first: all records, once', async () => {
  const folder = folderOf({});
  const program = new Following(folder);
  const sink = openFileSink(optionsIn(folder, { rotate_bytes: 30_000 }), { onWarn: NOTHING, onNote: NOTHING });
  for (let first = 1; first < 2000; first += 20) await sink.write(batchOf(...upTo(20, first)));
  await program.until('the records of a sink at work', () => program.numbers.length >= 1900);
  await sink.close();
  await program.has(...upTo(2000));
  const next = openFileSink(optionsIn(folder), { onWarn: NOTHING, onNote: NOTHING });
  await next.write(batchOf(2001));
  await program.has(...upTo(2001));
  await next.close();
  expect(await program.stop()).toEqual(WELL);
  expect(program.stderr).toBe('');
});

test('recorders side by side in a folder: none is left for the other', async () => {
  const folder = folderOf({ 'b.avro.part': file(1) });
  const program = new Following(folder);
  await program.has(1);
  writeFileSync(join(folder, 'c.avro.part'), file(2));
  await program.has(1, 2);
  appendFileSync(join(folder, 'b.avro.part'), block(3));
  await program.has(1, 2, 3);
  // A name that stands before the others.
  writeFileSync(join(folder, 'a.avro.part'), file(4));
  await program.has(1, 2, 3, 4);
  for (const [index, name] of ['c', 'b', 'a'].entries()) {
    const path = join(folder, `${name}.avro`);
    appendFileSync(`${path}.part`, block(5 + index));
    renameSync(`${path}.part`, path);
  }
  await program.until('all', () => program.numbers.length >= 7);
  expect(program.numbers.toSorted()).toEqual(upTo(7));
  expect(await program.stop()).toEqual(WELL);
  expect(program.stderr).toBe('');
});

test('files with other schemas side by side: each is read by its own', async () => {
  const schema = JSON.parse(SCHEMA_TEXT) as { fields: { name: string }[] };
  const fields = schema.fields.filter(({ name }) => name === 'sequence');
  const few = headerOf([[['avro.schema', JSON.stringify({ ...schema, fields })]]]);
  const one = (sequence: number) => blockOf(1, Buffer.of(2 * sequence));
  const folder = folderOf({ 'a.avro.part': Buffer.concat([few, one(1)]), 'b.avro.part': file(2) });
  const program = new Following(folder);
  await program.has(1, 2);
  for (const [name, bytes, number] of [
    ['a', one(3), 3],
    ['b', block(4), 4],
    ['a', one(5), 5],
  ] as const) {
    appendFileSync(join(folder, `${name}.avro.part`), bytes);
    await program.has(...upTo(number));
  }
  expect(await program.stop()).toEqual(WELL);
  expect(program.stderr).toBe('');
});

test('several files, the last of which grows, and a pipe whose reader leaves', async () => {
  const folder = folderOf({ 'a.avro': file(1), 'b.avro': file(2) });
  const program = new Following(join(folder, 'b.avro'), join(folder, 'a.avro'));
  await program.has(2, 1);
  appendFileSync(join(folder, 'a.avro'), block(3));
  await program.has(2, 1, 3);
  program.closeStdout();
  expect(await program.exit).toEqual(WELL);
  expect(program.stderr).toBe('');
});

test('one file ends when its recorder gives it its name', async () => {
  const path = join(folderOf({ 'a.avro.part': file(1) }), 'a.avro');
  const program = new Following(`${path}.part`);
  await program.has(1);
  appendFileSync(`${path}.part`, block(2));
  renameSync(`${path}.part`, path);
  expect(await program.exit).toEqual(WELL);
  expect(program.numbers).toEqual([1, 2]);
});

test('a file that is deleted is read to its end, and the next one after it', async () => {
  const folder = folderOf({ 'a.avro': file(1) });
  const program = new Following(folder);
  await program.has(1);
  rmSync(join(folder, 'a.avro'));
  mkdirSync(join(folder, 'no.avro'));
  writeFileSync(join(folder, 'nothing.txt'), 'text');
  writeFileSync(join(folder, 'b.avro'), file(2));
  await program.has(1, 2);
  await program.saysOnly(/^acceptstream: cannot read \/\S+no\.avro: it is a folder\n$/);
  expect(await program.stop()).toEqual({ code: 1, signal: null });
});

test('a file that is cut is told; the ones behind it are read', async () => {
  const folder = folderOf({ 'a.avro': file(1, 2) });
  const path = join(folder, 'a.avro');
  const program = new Following(folder);
  await program.has(1, 2);
  truncateSync(path, HEADER.length + 9);
  const { length } = file(1, 2);
  await program.saysOnly(
    `acceptstream: ${path}: broken at byte ${HEADER.length + 9}: the file was cut there after ${length} bytes had been read; the 2 records before it were read\n`,
  );
  writeFileSync(join(folder, 'b.avro'), file(3));
  await program.has(1, 2, 3);
  expect(await program.stop()).toEqual({ code: 1, signal: null });
});
