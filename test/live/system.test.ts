import { readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '../support/pinned.js';
import { MAIN, Program, runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';

const KINDS = ['prog', 'map', 'link'] as const;
const NOBODY = 65534;
const WORLD_SEARCH = 0o1;

type Held = readonly [(typeof KINDS)[number], number];

function heldBy(program: Program): Held[] {
  return KINDS.flatMap((kind) => [...new Set(program.bpfIds(kind))].map((id): Held => [kind, id]));
}

/** Why no other user can run the program: a clone in a private home; '' when one can. */
function privateReason(): string {
  for (let folder = dirname(MAIN); folder !== '/'; folder = dirname(folder)) {
    if (!(statSync(folder).mode & WORLD_SEARCH)) return `other users may not enter ${folder}`;
  }
  return '';
}

/** What is pinned in bpffs; nothing where there is none. */
function pinned(): string[] {
  try {
    return readdirSync('/sys/fs/bpf');
  } catch {
    return [];
  }
}

describeUnless(liveReason(), 'the command in the system', () => {
  test('after start it has no privileges left', async () => {
    const program = await Program.live(['-P', '9']);
    expect(program.status('Uid')).toEqual(Array(4).fill(String(NOBODY)));
    expect(program.status('Gid')).toEqual(Array(4).fill(String(NOBODY)));
    expect(program.status('Groups').join('')).toBe('');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(program.status(set)).toEqual(['0'.repeat(16)]);
    await program.stop();
  });

  test('started with sudo it goes on as the caller', async () => {
    const program = await Program.live(['-P', '9'], { env: { SUDO_UID: '1234', SUDO_GID: '2345' } });
    expect(program.status('Uid')).toEqual(Array(4).fill('1234'));
    expect(program.status('Gid')).toEqual(Array(4).fill('2345'));
    await program.stop();
  });

  test.for([
    [[], ''],
    [['--log-level', 'info'], 'acceptstream: live by HOOK, ring of 4096 bytes\n'],
  ] as const)('%j decides whether it says what it captures by', async ([options, text]) => {
    const program = await Program.live(['-P', '9', '--ring-bytes', '4096', ...options]);
    await program.stop();
    expect(program.stderr.replace(/ by \S+,/, ' by HOOK,')).toBe(text);
  });

  test.for(['SIGKILL', 'SIGINT'] as const)('%s leaves nothing behind in the kernel', async (signal) => {
    const pinnedBefore = pinned();
    const program = await Program.live(['-P', '9']);
    const held = heldBy(program);
    for (const kind of KINDS) expect(held.map(([one]) => one)).toContain(kind);
    expect(held.every(([kind, id]) => isAlive(kind, id))).toBe(true);
    await program.stop(signal);
    await until(
      () => `gone: ${held.filter(([kind, id]) => isAlive(kind, id)).join(' ')}`,
      () => !held.some(([kind, id]) => isAlive(kind, id)),
    );
    expect(pinned()).toEqual(pinnedBefore);
  });

  test('without root it says which capabilities it needs', async ({ skip }) => {
    if (privateReason()) skip(privateReason());
    const program = await runProgram([], { uid: NOBODY });
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr).toMatch(/^acceptstream: [^\n]*CAP_BPF and CAP_PERFMON[^\n]*\n$/);
  });

  test.for([
    ['-h', /^usage: acceptstream \[-h\]/],
    ['--version', /^acceptstream \d+\.\d+\.\d+\n$/],
  ] as const)('%s needs no root and loads nothing', async ([option, output], { skip }) => {
    if (privateReason()) skip(privateReason());
    const program = await runProgram([option], { uid: NOBODY });
    expect(program.stdout).toMatch(output);
    expect({ code: program.code, stderr: program.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.for([
    ['-x'],
    ['extra'],
    ['-4', '-6'],
    ['-p'],
    ['-P', '70000'],
    ['-P', '80,'],
    ['-p', 'all'],
    ['--ring-bytes', '1000'],
    ['-P', '1\n2'],
  ])('wrong usage ends with 2: %j', async (...[args]) => {
    const program = await runProgram([args].flat());
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 2, stdout: '' });
    expect(program.stderr).toMatch(/^usage: acceptstream [\s\S]*\nacceptstream: error: [^\n]+\n$/);
    expect(program.stderr).not.toMatch(/\n {4}at /);
  });
});
