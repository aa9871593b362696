import { describe, expect, test } from 'vitest';
import { HOOKS, type Hook } from '../../../native/hooks.js';
import { type Check, machineChecks } from '../../../source-plugin/doctor/checks.js';
import { blindSpots } from '../../../source-plugin/doctor/hooks.js';
import type { Machine } from '../../../source-plugin/doctor/machine.js';
import { type Findings, reportOf, textOf } from '../../../source-plugin/doctor/report.js';
import type { HookTrial } from '../../../source-plugin/ladder.js';

const WELL: Machine = {
  release: '6.12.1',
  btf: { bytes: 5_500_000, problem: '', tellsListener: true },
  lockdown: 'none',
  uid: 0,
  missing: [],
  isInitialUserNamespace: true,
  tracefsProblem: '',
  paranoid: undefined,
  bpffs: '/sys/fs/bpf',
  memlock: undefined,
  availableBytes: 2 ** 30,
};
const LIBBPF = { version: '1.5.0', problem: '' };

const trialsOf = (working: readonly Hook[], reason = 'cannot load (EINVAL: no)'): HookTrial[] =>
  HOOKS.map((hook) => (working.includes(hook) ? { hook, works: true } : { hook, works: false, reason }));

const findings = (changes: Partial<Findings> = {}): Findings => ({
  version: '1.2.3',
  machine: WELL,
  libbpf: LIBBPF,
  trials: trialsOf(HOOKS),
  ...changes,
});

test('where all is well nothing needs a remedy', () => {
  const checks = machineChecks(WELL, LIBBPF);
  expect(checks.filter(({ status, remedy }) => status !== 'ok' || remedy !== '')).toEqual([]);
});

describe('a check of', () => {
  test.for<[string, Partial<Machine>, Partial<Check>]>([
    ['kernel', { release: '5.9.16' }, { status: 'fail', remedy: 'run Linux 5.10 or later' }],
    ['kernel', { release: '4.20.0' }, { status: 'fail' }],
    ['kernel', { release: '' }, { status: 'fail', detail: 'unknown' }],
    ['kernel', { release: '5.10.0-46-cloud' }, { status: 'ok', detail: '5.10.0-46-cloud' }],
    [
      'btf',
      { btf: { ...WELL.btf, problem: 'is cut off' } },
      { status: 'fail', detail: '/sys/kernel/btf/vmlinux is cut off' },
    ],
    ['lockdown', { lockdown: 'integrity' }, { status: 'ok', detail: 'integrity' }],
    ['lockdown', { lockdown: 'confidentiality' }, { status: 'warn' }],
    ['privileges', { uid: 7, missing: ['CAP_PERFMON'] }, { status: 'fail', detail: 'user 7, without CAP_PERFMON' }],
    ['privileges', { uid: 7 }, { status: 'ok', detail: 'user 7, with CAP_BPF and CAP_PERFMON' }],
    ['privileges', { isInitialUserNamespace: false }, { status: 'fail' }],
    [
      'tracefs',
      { tracefsProblem: 'absent' },
      { status: 'warn', remedy: 'mount -t tracefs tracefs /sys/kernel/tracing' },
    ],
    ['tracefs', { tracefsProblem: 'unreadable' }, { status: 'warn', remedy: 'give it CAP_DAC_READ_SEARCH too' }],
    [
      'perf events',
      { paranoid: 3 },
      { status: 'warn', remedy: 'sysctl kernel.perf_event_paranoid=2, or CAP_SYS_ADMIN' },
    ],
    ['bpffs', { bpffs: '' }, { status: 'warn', remedy: 'mount -t bpf bpf /sys/fs/bpf' }],
    [
      'memlock',
      { memlock: 65536 },
      { status: 'fail', detail: '65536 bytes may be locked, a ring of 8388608 takes 8650752' },
    ],
    ['memlock', { memlock: 8650752 }, { status: 'ok' }],
    ['memlock', { memlock: Number.POSITIVE_INFINITY }, { status: 'ok' }],
    ['memory', { availableBytes: 2 ** 24 - 1 }, { status: 'warn', remedy: 'give a smaller --ring-bytes' }],
    ['memory', { availableBytes: undefined }, { status: 'ok' }],
  ])('%s: %j', ([name, changes, found]) => {
    const [check] = machineChecks({ ...WELL, ...changes }, LIBBPF).filter((one) => one.name === name);
    expect(check).toMatchObject(found);
    expect(check?.remedy === '').toBe(check?.status === 'ok');
  });

  test('libbpf: the reason when it does not load', () => {
    const checks = machineChecks(WELL, { version: '', problem: 'libbpf.so.1 is missing' });
    expect(checks).toContainEqual({ name: 'libbpf', status: 'fail', detail: 'libbpf.so.1 is missing', remedy: '' });
  });
});

describe('hooks', () => {
  test('the first that works is taken, better ones that are refused are told with the reason', () => {
    const { hook, works, hooks } = reportOf(
      findings({ trials: trialsOf(['kprobe:__inet_accept', 'tp_btf:sys_exit']) }),
    );
    expect({ hook, works }).toEqual({ hook: 'kprobe:__inet_accept', works: true });
    expect(hooks.map(({ name, status, detail }) => [name, status, detail])).toEqual([
      ['fentry:__inet_accept', 'warn', 'cannot load (EINVAL: no)'],
      ['fentry:security_sock_graft', 'warn', 'cannot load (EINVAL: no)'],
      ['kprobe:__inet_accept', 'ok', 'works; capture takes it'],
      ['kprobe:security_sock_graft', 'warn', 'cannot load (EINVAL: no)'],
      ['tracepoint:sys_exit_accept', 'warn', 'cannot load (EINVAL: no)'],
      ['tp_btf:sys_exit', 'ok', 'works'],
    ]);
  });

  test('where none works each is a failure', () => {
    const { hook, works, hooks, blind_spots } = reportOf(findings({ trials: trialsOf([]) }));
    expect({ hook, works, blind_spots }).toEqual({ hook: null, works: false, blind_spots: [] });
    expect(new Set(hooks.map(({ status }) => status))).toEqual(new Set(['fail']));
  });

  test('one that could not be proven is told', () => {
    const trials: HookTrial[] = [{ hook: 'tp_btf:sys_exit', works: true, warning: 'ENETUNREACH' }];
    expect(reportOf(findings({ trials }))).toMatchObject({
      works: true,
      hooks: [{ status: 'warn', detail: 'attaches, not proven: ENETUNREACH; capture takes it' }],
    });
  });

  test('without capabilities that is the reason, and for the tracepoints tracefs may be', () => {
    const poor = { ...WELL, missing: ['CAP_BPF'], tracefsProblem: 'unreadable' as const };
    const trials = trialsOf([], 'cannot load (EPERM: many words)');
    for (const { detail, remedy } of reportOf(findings({ machine: poor, trials })).hooks)
      expect({ detail, remedy }).toEqual({ detail: 'not permitted without CAP_BPF', remedy: 'see privileges' });
    const able = { ...poor, missing: [] };
    const remedies = reportOf(findings({ machine: able, trials })).hooks.map(({ remedy }) => remedy);
    expect(remedies).toEqual(['', '', '', '', 'see tracefs', '']);
    const short = reportOf(findings({ machine: { ...able, memlock: 65536, paranoid: 3 }, trials }));
    expect(new Set(short.hooks.map(({ remedy }) => remedy))).toEqual(new Set(['see memlock']));
    const watched = reportOf(findings({ machine: { ...able, paranoid: 3 }, trials })).hooks;
    const perf = 'see perf events';
    expect(watched.map(({ remedy }) => remedy)).toEqual(['', '', perf, perf, perf, '']);
  });

  test('too little memory to lock is no capture, though the hooks work with less', () => {
    expect(reportOf(findings({ machine: { ...WELL, memlock: 65536 } })).works).toBe(false);
  });

  test('no addon: nothing could be tried, and it does not work', () => {
    const report = reportOf(findings({ trials: [], libbpf: { version: '', problem: 'libbpf.so.1 is missing' } }));
    expect(report).toMatchObject({ works: false, hook: null, hooks: [] });
  });
});

test.for<[Hook, boolean, RegExp | undefined, boolean]>([
  ['fentry:__inet_accept', false, undefined, false],
  ['kprobe:__inet_accept', false, undefined, false],
  ['fentry:security_sock_graft', true, /accept queue/, false],
  ['kprobe:security_sock_graft', true, /accept queue/, false],
  ['tracepoint:sys_exit_accept', true, /io_uring/, false],
  ['tracepoint:sys_exit_accept', false, /accept queue/, true],
  ['tp_btf:sys_exit', false, /EFAULT/, false],
])('%s does not see (listener told: %s) %s', ([hook, tellsListener, spot, both]) => {
  const spots = blindSpots(hook, { btf: { ...WELL.btf, tellsListener } });
  if (!spot) expect(spots).toEqual([]);
  else expect(spots.join('\n')).toMatch(spot);
  if (hook.includes('sys_exit')) expect(/accept queue/.test(spots.join('\n'))).toBe(both);
});

describe('the text', () => {
  test('has a line for each check, aligned, and what it comes to', () => {
    const report = reportOf(findings({ trials: trialsOf(['tp_btf:sys_exit']) }));
    const lines = textOf(report).split('\n');
    expect(lines[0]).toBe(`acceptstream 1.2.3, Node.js ${process.version}, ${process.arch}`);
    const checks = lines.slice(2, 2 + report.checks.length + report.hooks.length);
    expect(new Set(checks.map((line) => /^(ok|warn|fail) +.{26} {2}/.exec(line)?.[0].length))).toEqual(new Set([34]));
    expect(lines).toContain('Capture works, by tp_btf:sys_exit, which does not see');
    expect(lines).toContain('  - accepts through io_uring');
  });

  test('says that the best hook sees all, and when nothing works', () => {
    expect(textOf(reportOf(findings()))).toContain(
      'Capture works, by fentry:__inet_accept, which sees every accept.\n',
    );
    expect(textOf(reportOf(findings({ trials: trialsOf([]) })))).toContain('Capture does not work here');
  });

  test('keeps what the kernel says on one line', () => {
    const text = textOf(reportOf(findings({ trials: trialsOf([], 'a\nb\x1b[2J') })));
    expect(text).toContain('a?b?[2J');
  });
});

test('the keys of the JSON are these', () => {
  const report = reportOf(findings());
  const keys = ['version', 'node', 'arch', 'works', 'hook', 'blind_spots', 'checks', 'hooks'];
  expect(Object.keys(report)).toEqual(keys);
  for (const check of [...report.checks, ...report.hooks])
    expect(Object.keys(check)).toEqual(['name', 'status', 'detail', 'remedy']);
  expect(report.checks.map(({ name }) => name)).toEqual([
    ...['kernel', 'btf', 'lockdown', 'privileges', 'tracefs', 'perf events', 'bpffs', 'libbpf', 'memlock', 'memory'],
  ]);
  expect(report.hooks.map(({ name }) => name)).toEqual([...HOOKS]);
});
