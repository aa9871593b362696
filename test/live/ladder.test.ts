import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { openLive } from '../../source-plugin/index.js';
import { tryHook } from '../../source-plugin/ladder.js';
import { setLogLevel } from '../../source-plugin/log.js';
import { Observer } from '../support/observer.js';
import { Program, runProgram } from '../support/program.js';
import { describeHooks, describeUnless, HOOKS, hookReason, liveReason, refusal } from '../support/reasons.js';

const BTF = '/sys/kernel/btf/vmlinux';
/** Accepts by accept and by accept4: a hook may be a program for each. */
const PROBES = 2;

const works = HOOKS.filter((hook) => hookReason(hook) === '');
const refused = HOOKS.filter((hook) => refusal(hook) !== '');

/** Runs a command where the kernel's BTF has other contents. */
function withBtf(contents: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-btf-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'vmlinux');
  writeFileSync(path, contents);
  return ['unshare', '--mount', 'sh', '-ec', `mount --bind ${path} ${BTF}; exec "$@"`, 'sh'];
}

function startOfBtf(bytes: number): Uint8Array {
  const file = openSync(BTF, 'r');
  const contents = new Uint8Array(bytes);
  readSync(file, contents);
  closeSync(file);
  return contents;
}

/** The types that our own programs were built with: every offset is another than this kernel's. */
function foreignBtf(): Uint8Array {
  const object = new URL(`../../dist/acceptstream.${process.arch}.bpf.o`, import.meta.url).pathname;
  const section = join(mkdtempSync(join(tmpdir(), 'acceptstream-btf-')), 'section');
  onTestFinished(() => rmSync(join(section, '..'), { recursive: true }));
  execFileSync('objcopy', ['-I', 'elf64-little', '--dump-section', `.BTF=${section}`, object, '/dev/null']);
  return execFileSync('cat', [section]);
}

/** What an open capture says on stderr at debug level. */
function debugLinesOf(open: () => void): string[] {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  setLogLevel('debug');
  try {
    open();
  } finally {
    setLogLevel('warn');
    write.mockRestore();
  }
  return lines;
}

describeUnless(liveReason(), 'the ladder', () => {
  test("each refused hook is told with the kernel's reason, then the one that is taken", () => {
    const [taken = HOOKS[0]] = works;
    const before = HOOKS.slice(0, HOOKS.indexOf(taken));
    expect(debugLinesOf(() => openLive().close())).toEqual([
      ...before.map((hook) => `acceptstream: hook ${hook} is refused: ${tryHook(hook).reason}\n`),
      `acceptstream: hook ${taken} is attached and sees\n`,
    ]);
  });

  test.for(HOOKS)('trying %s tells what opening it does', (hook) => {
    const trial = tryHook(hook);
    if (trial.works) {
      expect(trial).toEqual({ hook, works: true });
      openLive({ hook }).close();
    } else {
      expect(trial).toEqual({
        hook,
        works: false,
        reason: expect.stringMatching(/^cannot [^\n]+ \(E[A-Z]+: [^\n]+\)$/),
      });
      expect(() => openLive({ hook })).toThrow(trial.reason);
    }
  });

  test.for(refused)("--hook %s fails with the kernel's reason", async (hook) => {
    const program = await runProgram(['--hook', hook]);
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    const remedy = 'this kernel refuses it: go without --hook, or see acceptstream doctor';
    expect(program.stderr).toBe(`acceptstream: --hook ${hook}: ${remedy} (${tryHook(hook).reason})\n`);
  });

  test.for(works)('--hook %s is taken', async (hook) => {
    const program = await Program.live(['--hook', hook, '-P', '9']);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });

  test.for([0, 10, 1000, 1_000_000])('BTF cut after %i bytes: one line says so', async (bytes) => {
    const program = await runProgram([], { through: withBtf(startOfBtf(bytes)) });
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr).toMatch(/^acceptstream: the BTF of this kernel [^\n]* cannot be read: [^\n]+\n$/);
  });

  test.skipIf(hookReason('tracepoint:sys_exit_accept'))(
    'BTF of another kernel: a hook that attaches and sees nothing is refused',
    async () => {
      const through = withBtf(foreignBtf());
      const program = await runProgram([], { through });
      expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
      expect(program.stderr).toMatch(/^acceptstream: no hook sees an accept: [^\n]+attached but silent[^\n]+\n$/);
    },
  );

  test('loopback is down: it captures, and warns', async () => {
    const program = await Program.live(['-P', '9'], { through: ['unshare', '--net'] });
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toMatch(/^acceptstream: hook [^\n]+ not proven: [^\n]+ \(Network is unreachable\)\n$/);
  });

  test('loopback has only IPv6: proven by that', async ({ skip }) => {
    const prepare = 'ip link set lo up; ip address del 127.0.0.1/8 dev lo; exec "$@"';
    const program = new Program(['-P', '9'], { through: ['unshare', '--net', 'sh', '-ec', prepare, 'sh'] });
    await Promise.race([program.until('the header', (text) => text !== ''), program.exit]).catch(() => {});
    if (program.stderr.includes('ip:')) skip('needs iproute2');
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });

  test.for([
    ['its own procfs', ['--mount-proc']],
    ["the host's procfs", []],
  ] as const)('in a pid namespace with %s it knows its own accepts', async ([, procfs]) => {
    const through = ['unshare', '--pid', '--fork', '--kill-child', ...procfs];
    const program = await Program.live(['-P', '9'], { through });
    program.closeStdout();
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });
});

describeHooks('the proof', (hook) => {
  const observers: Observer[] = [];
  const observe = () => {
    const observer = new Observer({ hook });
    observers.push(observer);
    return observer;
  };

  afterEach(() => {
    for (const observer of observers.splice(0)) observer.close();
  });

  test('its accepts are counted apart, and another capture sees them', async () => {
    const earlier = observe();
    const later = observe();
    const ours = () => earlier.records.filter(({ pid }) => pid === process.pid);
    await earlier.find('the last proving accept', () => ours().length === PROBES);
    expect(ours().map(({ remote_address }) => remote_address)).toEqual(Array(PROBES).fill('127.0.0.1'));
    later.drain();
    expect(later.records.filter(({ pid }) => pid === process.pid)).toEqual([]);
    for (const { live } of [earlier, later]) expect(live.counters().probe).toBe(PROBES);
  });

  test("its port is anybody's afterwards", async () => {
    const earlier = observe();
    const later = observe();
    const { local_port: port } = await earlier.find('a proving accept', ({ pid }) => pid === process.pid);
    const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'close');
    server.close();
    const seen = await later.find('an accept on that port', (record) => record.pid === process.pid);
    expect(seen).toMatchObject({ local_port: port, hook });
    expect(later.live.counters().probe).toBe(PROBES);
  });
});
