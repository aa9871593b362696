import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

interface Standing {
  readonly ids: Record<'Uid' | 'Gid' | 'Groups' | 'CapEff' | 'CapPrm', string>[];
  readonly backToRoot: string;
}

/** What every thread of a process is after dropPrivileges(), with a pool thread among them. */
function standing(env: Record<string, string>, uid?: number): Standing {
  const script = `
    import { readdirSync, readFileSync, statSync } from 'node:fs';
    import { stat } from 'node:fs/promises';
    import { dropPrivileges } from './dist/source-plugin/privileges.js';
    await stat('.');
    if (process.getuid() === 0) process.setgroups([4, 27]);
    dropPrivileges();
    const names = ['Uid', 'Gid', 'Groups', 'CapEff', 'CapPrm'];
    const ids = readdirSync('/proc/self/task').map((task) => {
      const lines = readFileSync('/proc/self/task/' + task + '/status', 'utf8').split('\\n');
      const value = (name) => lines.find((line) => line.startsWith(name + ':')).slice(name.length + 1).trim();
      return Object.fromEntries(names.map((name) => [name, value(name).split(/\\s+/).join(' ')]));
    });
    let backToRoot = 'possible';
    try { process.setuid(0); } catch (error) { backToRoot = error.code; }
    console.log(JSON.stringify({ ids, backToRoot }));`;
  const clean = { ...process.env };
  delete clean.SUDO_UID;
  delete clean.SUDO_GID;
  const options = {
    env: { ...clean, ...env },
    encoding: 'utf8' as const,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  };
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', script], options));
}

const every = (uid: number, gid: number) => ({
  Uid: Array(4).fill(uid).join(' '),
  Gid: Array(4).fill(gid).join(' '),
  Groups: '',
  CapEff: '0000000000000000',
  CapPrm: '0000000000000000',
});

describe.skipIf(!isRoot)(`root${isRoot ? '' : ' (skipped: needs root)'}`, () => {
  test.for([
    ['is nobody after it', {}, NOBODY, NOBODY],
    ['is the caller of sudo after it', { SUDO_UID: '1234', SUDO_GID: '567' }, 1234, 567],
    ['does not stay root for root, who called sudo', { SUDO_UID: '0', SUDO_GID: '0' }, NOBODY, NOBODY],
    ['does not believe what is no id', { SUDO_UID: '-1', SUDO_GID: '1e3' }, NOBODY, NOBODY],
    ['does not believe an empty id', { SUDO_UID: '', SUDO_GID: ' 5' }, NOBODY, NOBODY],
  ] as const)('%s', ([, env, uid, gid]) => {
    const { ids, backToRoot } = standing(env);
    expect(ids.length).toBeGreaterThan(1);
    expect(ids).toEqual(ids.map(() => every(uid, gid)));
    expect(backToRoot).toBe('EPERM');
  });

  test('another user stays who it was', () => {
    const { ids } = standing({ SUDO_UID: '1234', SUDO_GID: '567' }, 4321);
    expect(ids.map(({ Uid, Gid }) => [Uid, Gid])).toEqual(
      ids.map(() => ['4321 4321 4321 4321', '4321 4321 4321 4321']),
    );
  });
});

// Root is never in this place; others have only this test.
if (!isRoot) {
  test('a user who is not root stays who it is', () => {
    const { ids } = standing({ SUDO_UID: '1234', SUDO_GID: '567' });
    const uid = String(process.getuid?.());
    expect(ids.map(({ Uid }) => Uid)).toEqual(ids.map(() => Array(4).fill(uid).join(' ')));
  });
}
