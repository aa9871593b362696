import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { pageText } from '../docs/markdown.js';
import { judge } from '../source-plugin/container/judge.js';
import { acceptType } from '../source-plugin/memory-source.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { runWorkload } from '../workload/workload.js';

const WELL = { code: 0, signal: null };
const USER = 65_533;
const COMM = 'recording';

/** A folder that anybody may write to, as the program is an ordinary user by then. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-live-'));
  chmodSync(folder, 0o777);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function acceptsOf(path: string): Promise<readonly Accept[]> {
  return (await judge(readFileSync(path))).accepts;
}

/** The rows of these records, by a core of their own. */
async function rowsOf(accepts: readonly Accept[]): Promise<string[]> {
  const core = await loadCore({ format: 'tcpaccept' });
  return accepts.map((accept) => {
    const datum = acceptType.toBuffer(accept);
    core.input.set(datum);
    return [...core.portions(datum.length)].map(({ bytes }) => Buffer.from(bytes).toString().trimEnd()).join();
  });
}

const own = (accepts: readonly Accept[]) => accepts.filter(({ comm }) => comm === COMM);

async function live(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const program = await Program.live(args, { env });
  onTestFinished(() => program.signal('SIGKILL'));
  return program;
}

describeUnless(liveReason(), '--write', () => {
  test('has the records of the rows, filtered like them', async () => {
    const path = join(openFolder(), 'a.avro');
    const program = await live(['--write', path, '-4'], { SUDO_UID: '' });
    for (let round = 0; round < 3; round++) await runWorkload({ comm: Buffer.from(COMM) });
    await runWorkload({ comm: Buffer.from(COMM), listen: '::1' });
    await program.until('the rows', (text) => text.split(` ${COMM} `).length > 3);
    await until('the records, while it grows', async () => own(await acceptsOf(path)).length === 3);
    expect(await program.stop(), program.stderr).toEqual(WELL);
    const accepts = await acceptsOf(path);
    expect(own(accepts)).toHaveLength(3);
    expect(await rowsOf(accepts)).toEqual(program.rows.map((row) => row.trimEnd()));
    expect(statSync(path)).toMatchObject({ uid: 0, mode: 0o100600 });
  });

  test('belongs to who called sudo', async () => {
    const path = join(openFolder(), 'a.avro');
    const program = await live(['--write', path], { SUDO_UID: String(USER), SUDO_GID: String(USER) });
    expect(await program.stop()).toEqual(WELL);
    expect(statSync(path)).toMatchObject({ uid: USER, gid: USER });
    expect(await acceptsOf(path)).toBeInstanceOf(Array);
  });

  test('who called sudo may write where they may only', async () => {
    const folder = openFolder();
    chmodSync(folder, 0o755);
    const env = { SUDO_UID: String(USER), SUDO_GID: String(USER) };
    const { code, stderr } = await runProgram(['--write', join(folder, 'a.avro')], { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`user ${USER}, as which it runs now`),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('refuses a name that is taken', async () => {
    const path = join(openFolder(), 'a.avro');
    writeFileSync(path, 'mine');
    const { code, stdout, stderr } = await runProgram(['--write', path]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `acceptstream: cannot create ${path}: it is there already: remove it, or choose another name (EEXIST)\n`,
    );
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describeUnless(liveReason(), 'a sink of type file', () => {
  /** pipelines/file.yaml with a folder of this test. */
  function configIn(folder: string): string {
    const path = join(folder, 'run.yaml');
    writeFileSync(path, pageText('pipelines/file.yaml').replaceAll('/var/lib/acceptstream', join(folder, 'kept')));
    return path;
  }

  const recordings = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];

  async function started(config: string): Promise<Program> {
    const program = new Program(['run', config]);
    onTestFinished(() => program.signal('SIGKILL'));
    await until(
      () => program.stderr,
      () => program.stderr.includes('file: avro to files ') || program.hasExited,
    );
    return program;
  }

  test('records, is killed, and is finished by the next run', { timeout: 60_000 }, async () => {
    const folder = openFolder();
    const kept = join(folder, 'kept');
    const config = configIn(folder);
    const first = await started(config);
    await runWorkload({ comm: Buffer.from(COMM) });
    await until(
      () => `a record: ${first.stderr}`,
      () => recordings(kept).length > 0,
    );
    await until('the records', async () => own(await acceptsOf(join(kept, recordings(kept)[0] ?? ''))).length === 1);
    await first.stop('SIGKILL');
    expect(recordings(kept)).toEqual([expect.stringMatching(/-000001\.avro\.part$/)]);

    const { stderr } = await runProgram(['run', '--check', config]);
    expect(stderr).toContain('1 left unfinished would be finished');
    expect(recordings(kept)).toEqual([expect.stringMatching(/\.part$/)]);

    const second = await started(config);
    expect(second.stderr).toMatch(/file: finished accepts-\S+-000001\.avro, which was left unfinished: \d+ records/);
    await runWorkload({ comm: Buffer.from(COMM) });
    expect(await second.stop('SIGTERM'), second.stderr).toEqual(WELL);
    const names = recordings(kept);
    expect(names.map((name) => name.replace(/^.*-/, ''))).toEqual(['000001.avro', '000002.avro']);
    for (const name of names) expect(own(await acceptsOf(join(kept, name)))).toHaveLength(1);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
  });

  test('whose folder the user may not write to ends the run with what to do', async () => {
    const folder = openFolder();
    mkdirSync(join(folder, 'kept'));
    for (const args of [['run'], ['run', '--check']]) {
      const { code, stderr } = await runProgram([...args, configIn(folder)]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          /file: cannot \w+( to)? \S+: user \d+, as which it runs now, may not: .*\(EACCES\)/,
        ),
      });
    }
  });
});
