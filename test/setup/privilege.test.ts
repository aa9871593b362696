import { mkdtempSync, rmSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOwner, mayCapture } from '../../source-plugin/setup/privilege.mjs';

const NOBODY = 65534;

test.each([
  ['everything', '000001ffffffffff', true],
  ['CAP_BPF and CAP_PERFMON', '000000c000000000', true],
  ['CAP_SYS_ADMIN', '0000000000200000', true],
  ['CAP_BPF alone', '0000008000000000', false],
  ['CAP_PERFMON alone', '0000004000000000', false],
  ['all but these', '0000013f00000000', false],
  ['nothing', '0000000000000000', false],
])('capture with %s', (_name, effective, may) => {
  const status = `Name:\tnode\nCapInh:\t000001ffffffffff\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\n`;
  expect(mayCapture(status)).toBe(may);
});

describe.runIf(process.geteuid?.() === 0)("root (skipped for others: only root sees other users' clones)", () => {
  function cloneOf(uid: number): Promise<string> {
    const root = mkdtempSync(join(tmpdir(), 'acceptstream-owner-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    return chown(root, uid, uid).then(() => root);
  }

  test('stays root in its own clone', async () => {
    expect(asOwner(await cloneOf(0))).toEqual({});
  });

  test("becomes the owner of another user's clone, with a home that exists or lies in the clone", async () => {
    const root = await cloneOf(NOBODY);
    const owner = asOwner(root);
    expect(owner).toMatchObject({ uid: NOBODY, gid: NOBODY });
    expect(owner.env).toMatchObject({ HOME: join(root, 'dist/.setup/home'), USER: 'nobody', LOGNAME: 'nobody' });
  });

  test("keeps npm away from root's own files", async () => {
    process.env.npm_config_cache = '/root/.npm';
    onTestFinished(() => {
      delete process.env.npm_config_cache;
    });
    expect(asOwner(await cloneOf(NOBODY)).env).not.toHaveProperty('npm_config_cache');
  });
});
