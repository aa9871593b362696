import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../../support/program.js';
import { acceptType, datumOf } from '../memory-source.js';
import { accepts, blockOf, containerOf, folderOf, headerOf, SCHEMA_TEXT, textOf } from './read-support.js';

const HOSTILE = 'a\n\x1b[31mb\r\x7f.avro';
const HARMLESS = 'a??[31mb??.avro';

async function read(...args: readonly string[]) {
  const { code, stdout, stderr } = await runProgram(['read', '--format', 'json', ...args]);
  return { code, stdout, stderr };
}

/** What a reading that printed nothing said. */
const failed = (line: string) => ({ code: 1, stdout: '', stderr: `acceptstream: ${line}\n` });

describe('a file that is not read is named in one line:', () => {
  test('one that is not there', async () => {
    const path = join(folderOf({}), 'no.avro');
    const reason = `ENOENT: no such file or directory, stat '${path}'`;
    expect(await read(path)).toEqual(failed(`cannot read ${path}: ${reason}`));
  });

  test('one whose name is hostile, there or not', async () => {
    const folder = folderOf({ [HOSTILE]: Buffer.from('text') });
    const { code, stderr } = await read(join(folder, HOSTILE), join(folder, `no${HOSTILE}`));
    expect({ code, lines: stderr.split('\n') }).toEqual({
      code: 1,
      lines: [
        expect.stringContaining(`no${HARMLESS}`),
        expect.stringContaining(`${join(folder, HARMLESS)}: it is no Avro container file`),
        '',
      ],
    });
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('one that may not be read', async () => {
    const path = join(folderOf({ 'a.avro': await containerOf(accepts(1)) }), 'a.avro');
    chmodSync(path, 0);
    // Root may, unless it gives that up.
    const through = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : [];
    const { code, stdout, stderr } = await runProgram(['read', '--format', 'json', path], { through });
    const reason = `EACCES: permission denied, open '${path}'`;
    expect({ code, stdout, stderr }).toEqual(failed(`cannot read ${path}: ${reason}`));
  });

  test('a folder without recordings', async () => {
    const folder = folderOf({ 'a.txt': Buffer.alloc(0), 'b.avro.gz': Buffer.alloc(0) });
    expect(await read(folder)).toEqual(failed(`${folder} holds no recording: no *.avro and no *.avro.part`));
  });

  test('records of another kind', async () => {
    const schema = JSON.stringify({ ...JSON.parse(SCHEMA_TEXT), name: 'Flow\n' });
    const path = join(folderOf({ 'a.avro': headerOf([[['avro.schema', schema]]]) }), 'a.avro');
    const reason = 'its schema is of a record Flow?, not of a record Accept: these are no accepts';
    expect(await read(path)).toEqual(failed(`${path}: ${reason}; no record was read`));
  });
});

test('the files before and behind one that breaks are read to their ends', async () => {
  const records = accepts(4000);
  const header = headerOf([[['avro.schema', SCHEMA_TEXT]]]);
  const good = blockOf(2, Buffer.concat(records.slice(0, 2).map((record) => acceptType.toBuffer(record))));
  const marker = header.length + 2 * good.length - 16;
  const corrupt = Buffer.concat([header, good, good, good]);
  corrupt[marker + 3] = 0xff;
  const whole = await containerOf(records, { codec: 'deflate' });
  const folder = folderOf({ 'a.avro': whole, 'b.avro': corrupt, 'c.avro': whole });
  const { code, stdout, stderr } = await read(folder);
  const reason = "a block does not end there with the file's sync marker";
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `acceptstream: ${join(folder, 'b.avro')}: broken at byte ${marker}: ${reason}; the 2 records before it were read\n`,
  });
  const text = Buffer.from(await textOf(records), 'latin1').toString();
  const before = Buffer.from(await textOf(records.slice(0, 2)), 'latin1').toString();
  expect(stdout === text + before + text, 'the records').toBe(true);
});

test.each([
  ['--cgroupmap', '/sys/fs/bpf/a'],
  ['--mntnsmap', '/sys/fs/bpf/a'],
  ['--ring-bytes', '65536'],
  ['--hook', 'tp_btf:sys_exit'],
  ['--write', 'b.avro'],
])('%s is refused by name', async (option, value) => {
  const path = join(folderOf({ 'a.avro': blockOf(1, datumOf()) }), 'a.avro');
  const { code, stdout, stderr } = await read(path, option, value);
  const last = stderr.trimEnd().split('\n').at(-1);
  const error = `acceptstream read: error: argument ${option}: works on live accepts only`;
  expect({ code, stdout, last }).toEqual({ code: 2, stdout: '', last: error });
});
