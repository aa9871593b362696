import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ContainerWriter } from '../../../source-plugin/container/writer.js';
import { openFileSink } from '../../../source-plugin/file/sink.js';
import { describeUnless } from '../../support/reasons.js';
import {
  acknowledged,
  batchOf,
  optionsIn,
  scratch,
  sequencesIn,
  startWriting,
  visible,
  type Writing,
  writeThrough,
} from './support.js';

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** What the next start says when it finishes what there is. */
async function restart(folder: string): Promise<string[]> {
  const told: string[] = [];
  const sink = openFileSink(optionsIn(folder), { onWarn: (message) => told.push(message), onNote: () => {} });
  await sink.close();
  return told;
}

describe('what is left unfinished', () => {
  const PART = 'accepts-20261122T120000Z-000007.avro.part';

  test.each(['null', 'deflate'] as const)(
    'is cut behind the last whole block, wherever it is torn: %s',
    async (codec) => {
      const writer = new ContainerWriter(codec);
      const blocks = [await writer.block(batchOf(1, 2)), await writer.block(batchOf(3))].map((one) =>
        Buffer.concat(one),
      );
      const ends = blocks.map((_, index) => writer.header.length + Buffer.concat(blocks.slice(0, index + 1)).length);
      const whole = Buffer.concat([writer.header, ...blocks]);
      const folder = scratch();
      const wrong: string[] = [];
      for (let length = writer.header.length; length <= whole.length; length++) {
        writeFileSync(join(folder, PART), whole.subarray(0, length));
        const told = await restart(folder);
        const expected = length < (ends[0] ?? 0) ? [] : length < (ends[1] ?? 0) ? [1, 2] : [1, 2, 3];
        const found = await sequencesIn(folder);
        if (String(found) !== String(expected) || told.length !== 1) wrong.push(`${length}: ${found} ${told}`);
        for (const name of visible(folder)) rmSync(join(folder, name));
      }
      expect(wrong).toEqual([]);
    },
  );

  test('is told with what was kept and cut', async () => {
    const folder = scratch();
    const writer = new ContainerWriter('null');
    const block = Buffer.concat(await writer.block(batchOf(1, 2)));
    writeFileSync(join(folder, PART), Buffer.concat([writer.header, block, block.subarray(0, 10), Buffer.alloc(90)]));
    expect(await restart(folder)).toEqual([
      'finished accepts-20261122T120000Z-000007.avro, which was left unfinished: 2 records, 100 bytes of a torn block cut off',
    ]);
    expect(await restart(folder)).toEqual([]);
  });

  test.each([
    ['nothing', Buffer.alloc(0), /^removed /],
    ['a header alone', new ContainerWriter('null').header, /^removed /],
    ['zeros, as a power cut leaves them', Buffer.alloc(5000), /no recording and left as it is/],
    ['something else', Buffer.from('Obj\x01 and no more'), /no recording and left as it is/],
  ])('with %s in it', async (_name, bytes, message) => {
    const folder = scratch();
    writeFileSync(join(folder, PART), bytes);
    expect(await restart(folder)).toEqual([expect.stringMatching(message)]);
    expect(visible(folder)).toEqual(message.source.startsWith('^removed') ? [] : [PART]);
  });

  test('of another sink is left alone', async () => {
    const folder = scratch();
    const others = ['b-20261122T120000Z-000007.avro.part', 'accepts-b-20261122T120000Z-000007.avro.part', 'a.part'];
    for (const name of others) writeFileSync(join(folder, name), '');
    expect(await restart(folder)).toEqual([]);
    expect(visible(folder).sort()).toEqual(others.sort());
  });
});

describe('killed while it writes', () => {
  const ROUNDS = 12;

  async function killedAfter(folder: string, acknowledgements: number, writing: Omit<Writing, 'options'>) {
    const child = startWriting({
      options: optionsIn(folder, { compression: 'deflate', rotate_bytes: 40_000 }),
      ...writing,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const closed = new Promise((resolve) => child.once('close', resolve));
    const lines: string[] = [];
    child.stdout?.on('data', (bytes) => lines.push(String(bytes)));
    child.stdout?.on('data', () => lines.join('').split('\n').length > acknowledgements && child.kill('SIGKILL'));
    await closed;
    return acknowledged(lines.join(''));
  }

  test('every record that was acknowledged is there after the next start', { timeout: 60_000 }, async () => {
    const folder = scratch();
    let unfinished = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const size = 1 + 61 * (round % 3);
      const safe = await killedAfter(folder, 1 + Math.floor(Math.random() * 200), { sizes: [size] });
      unfinished += (await restart(folder)).length;
      const found = await sequencesIn(folder);
      expect(found).toEqual(upTo(found.length));
      expect(found.length).toBeGreaterThanOrEqual(safe);
      // Written, and killed before it was said.
      expect(found.length).toBeLessThanOrEqual(safe + size);
      expect(visible(folder).filter((name) => !name.endsWith('.avro'))).toEqual([]);
      for (const name of visible(folder)) rmSync(join(folder, name));
    }
    expect(unfinished).toBeGreaterThan(0);
  });
});

const limited = (blocks: number) => ['sh', '-c', `ulimit -f ${blocks} && exec "$@"`, 'sh'];

test('a limit on the size of files is told, and what was acknowledged is readable', async () => {
  const folder = scratch();
  const { stdout } = writeThrough(limited(100), { options: optionsIn(folder), sizes: [20, 1], tries: 3 });
  const [failed] = stdout.split('\n').filter((line) => line.startsWith('failed'));
  expect(failed).toMatch(/^failed cannot write \S+\.part: the file may not get larger: raise .* \(EFBIG\)$/);
  expect(await sequencesIn(folder)).toEqual(upTo(acknowledged(stdout)));
  expectGoesOn(stdout);
});

/** After a block that did not fit, a smaller one was written where it had begun. */
function expectGoesOn(stdout: string): void {
  const behind = stdout.slice(stdout.indexOf('failed'));
  expect(behind).toMatch(/^failed .*\n\d+\n/);
}

function namespaceReason(): string {
  const { status } = spawnSync('unshare', ['--mount', 'true']);
  return status === 0 ? '' : 'needs root, for a file system of its own';
}

describeUnless(namespaceReason(), 'a file system of its own', () => {
  /** Runs the command in a namespace where `folder` is a tmpfs, and copies what is in it to `kept`. */
  const inTmpfs = (mount: string, folder: string, kept: string) => [
    'unshare',
    ...['--mount', '--propagation', 'private', 'sh', '-c'],
    `mount -t tmpfs -o ${mount} tmpfs "$0" && { "$@"; cp -a "$0/." ${kept}; }`,
    folder,
  ];

  function write(mount: string, writing: Omit<Writing, 'options'>): { stdout: string; stderr: string; kept: string } {
    const folder = scratch();
    const kept = join(folder, 'kept');
    const mounted = join(folder, 'mounted');
    mkdirSync(kept);
    mkdirSync(mounted);
    const options = optionsIn(mounted, { rotate_bytes: 100_000 });
    return { ...writeThrough(inTmpfs(mount, mounted, kept), { options, ...writing }), kept };
  }

  test('that is full is told, nothing is torn, and the next write goes on', async () => {
    const { stdout, stderr, kept } = write('size=400k', { sizes: [150, 1], tries: 2 });
    expect(stdout, stderr).toMatch(/^failed cannot write \S+: the file system is full: free space on it \(ENOSPC\)$/m);
    expect(acknowledged(stdout)).toBeGreaterThan(150);
    expect(await sequencesIn(kept)).toEqual(upTo(acknowledged(stdout)));
    expectGoesOn(stdout);
  });

  test('that is full before the first record leaves no file', async () => {
    const { stdout, kept } = write('size=4k', { sizes: [50], tries: 3 });
    expect(stdout.match(/^failed .*ENOSPC/gm)).toHaveLength(3);
    expect(visible(kept)).toEqual([]);
  });

  test('that is read-only is told at the start', () => {
    const { stderr } = write('ro', {});
    expect(stderr).toMatch(/the file system is read-only: mount it for writing, or choose another folder \(EROFS\)/);
  });
});
