import { copyFileSync, mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Observer } from '../support/observer.js';
import { programs } from '../support/programs.js';
import { describeHooks } from '../support/reasons.js';
import { JsonChild } from '../workload/child.js';
import type { Ready } from '../workload/workload.js';

interface Case {
  readonly name: string;
  /** Below the folder of the test. */
  readonly file: string;
  /** What happens to the file once the process has started. */
  readonly change?: (path: string) => void;
  /** Shell command in front of the program, in a mount namespace of its own. */
  readonly mount?: string;
}

const CASES: readonly Case[] = [
  { name: 'a name of 255 bytes', file: 'x'.repeat(255) },
  { name: 'thirty folders', file: `${'a folder of 20 bytes/'.repeat(30)}program` },
  { name: 'a deleted file', file: 'deleted', change: unlinkSync },
  { name: 'a renamed file', file: 'first', change: (path) => renameSync(path, `${path} and then`) },
  { name: 'a file that is mounted elsewhere', file: 'bin/tool', mount: 'mkdir on && mount --bind bin on && cd on' },
  { name: 'too many bytes', file: `${`${'y'.repeat(60)}/`.repeat(20)}program` },
];

describeHooks('executables as /proc/PID/exe shows them', (hook) => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'acceptstream-exe-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function start({ file, mount }: Case): JsonChild<Ready> {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(programs().scenario, path);
    if (!mount) return new JsonChild<Ready>(path, []);
    const script = `cd '${folder}' && ${mount} && exec ./tool`;
    return new JsonChild<Ready>('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script]);
  }

  test.for(CASES)('$name', async (one) => {
    const child = start(one);
    const observer = new Observer({ hook });
    try {
      const { pid } = (await child.line('ready')) as Ready;
      one.change?.(join(folder, one.file));
      const wanted = readlinkSync(`/proc/${pid}/exe`);
      child.release();
      const { exe } = await observer.find('the accept', (record) => record.pid === pid);
      await child.finish();
      expect(exe.startsWith('…/')).toBe(Buffer.byteLength(wanted) > 1024);
      expect(wanted.endsWith(exe.replace(/^…/, ''))).toBe(true);
      expect(exe.startsWith('…/') || exe === wanted).toBe(true);
      expect(Buffer.byteLength(exe)).toBeGreaterThan(Math.min(Buffer.byteLength(wanted), 900) - 1);
    } finally {
      child.kill();
      observer.close();
    }
  });
});
