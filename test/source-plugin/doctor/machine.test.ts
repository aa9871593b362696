import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookAt, type Machine } from '../../../source-plugin/doctor/machine.js';

const ID = 'events/syscalls/sys_exit_accept/id';
const ALL = 'ffffffffffffffff';

/** BTF whose strings are these names: a header, and nothing but strings behind it. */
function btf(names: readonly string[]): Buffer {
  const strings = Buffer.from(`\0${names.join('\0')}\0`);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  header.writeUInt32LE(header.length, 4);
  header.writeUInt32LE(strings.length, 20);
  return Buffer.concat([header, strings]);
}

const NEW = btf(['BPF_FUNC_ktime_get_coarse_ns', 'BPF_FUNC_task_pt_regs']);
const OLD = btf(['BPF_FUNC_ringbuf_output']);

const FILES: Readonly<Record<string, string | Buffer>> = {
  'proc/sys/kernel/osrelease': '6.12.1-cloud\n',
  'proc/self/status': `Name:\tnode\nUid:\t1000\t0\t0\t0\nCapEff:\t${ALL}\n`,
  'proc/sys/kernel/perf_event_paranoid': '3\n',
  'proc/self/uid_map': '         0          0 4294967295\n',
  'proc/self/mounts': 'proc /proc proc rw 0 0\nbpf /run/bpf bpf rw 0 0\n',
  'proc/self/limits':
    'Limit  Soft Limit  Hard Limit  Units\nMax locked memory         65536                8388608              bytes\n',
  'proc/meminfo': 'MemTotal:  100 kB\nMemAvailable:    2048 kB\n',
  'sys/kernel/btf/vmlinux': NEW,
  'sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
  [`sys/kernel/tracing/${ID}`]: '123\n',
};

/** A folder with these files in place of FILES'; undefined leaves one out. */
function folder(changes: Readonly<Record<string, string | Buffer | undefined>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'acceptstream-doctor-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries({ ...FILES, ...changes })) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const WHOLE: Machine = {
  release: '6.12.1-cloud',
  btf: { bytes: NEW.length, problem: '', tellsListener: true },
  lockdown: 'integrity',
  uid: 0,
  missing: [],
  isInitialUserNamespace: true,
  tracefsProblem: '',
  paranoid: undefined,
  bpffs: '/run/bpf',
  memlock: undefined,
  availableBytes: 2048 * 1024,
};

test('a machine that has everything', () => {
  expect(lookAt(folder())).toEqual(WHOLE);
});

test('an empty folder is a machine of which nothing is known', () => {
  const root = mkdtempSync(join(tmpdir(), 'acceptstream-doctor-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  expect(lookAt(root)).toEqual({
    release: '',
    btf: { bytes: 0, problem: 'is not there', tellsListener: false },
    lockdown: '',
    uid: -1,
    missing: ['CAP_BPF', 'CAP_PERFMON'],
    isInitialUserNamespace: false,
    tracefsProblem: 'absent',
    paranoid: undefined,
    bpffs: '',
    memlock: undefined,
    availableBytes: undefined,
  });
});

const status = (effective: bigint) =>
  `Uid:\t65534\t65534\t65534\t65534\nCapEff:\t${effective.toString(16).padStart(16, '0')}\n`;
const BPF = 1n << 39n;
const PERFMON = 1n << 38n;
const SYS_RESOURCE = 1n << 24n;
const SYS_ADMIN = 1n << 21n;

test.for([
  [0n, ['CAP_BPF', 'CAP_PERFMON']],
  [BPF, ['CAP_PERFMON']],
  [PERFMON, ['CAP_BPF']],
  [BPF | PERFMON, []],
  [SYS_ADMIN, []],
] as const)('capabilities %s: missing are %j', ([effective, missing]) => {
  expect(lookAt(folder({ 'proc/self/status': status(effective) }))).toMatchObject({ uid: 65534, missing });
});

test.for([
  ['no BTF', undefined, 'is not there'],
  ['an empty file', '', 'is no BTF of this machine'],
  ['another format', 'ELF'.repeat(100), 'is no BTF of this machine'],
  ['the other byte order', Buffer.from(NEW).swap16(), 'is no BTF of this machine'],
  ['a cut', NEW.subarray(0, -1), 'is cut off'],
  ['a header alone', NEW.subarray(0, 24), 'is cut off'],
] as const)('BTF: %s', ([, content, problem]) => {
  expect(lookAt(folder({ 'sys/kernel/btf/vmlinux': content })).btf).toMatchObject({ problem });
});

test.for([
  ['counts, by the limit', OLD, 0n, '65536', 65536],
  ['counts, without a limit', OLD, 0n, 'unlimited', Number.POSITIVE_INFINITY],
  ['counts, but may be lifted', OLD, SYS_RESOURCE, '65536', undefined],
  ['does not count', NEW, 0n, '65536', undefined],
] as const)('locked memory %s', ([, content, effective, limit, memlock]) => {
  const changes = {
    'sys/kernel/btf/vmlinux': content,
    'proc/self/status': status(effective),
    'proc/self/limits': `Max locked memory         ${limit}            unlimited            bytes\n`,
  };
  expect(lookAt(folder(changes)).memlock).toBe(memlock);
});

test.for([
  ['2\n', 0n, undefined],
  ['3\n', BPF | PERFMON, 3],
  ['4\n', BPF | PERFMON, 4],
  ['3\n', SYS_ADMIN, undefined],
  ['-1\n', 0n, undefined],
] as const)('perf_event_paranoid %j with capabilities %s', ([content, effective, paranoid]) => {
  const changes = { 'proc/sys/kernel/perf_event_paranoid': content, 'proc/self/status': status(effective) };
  expect(lookAt(folder(changes)).paranoid).toBe(paranoid);
});

test.for([
  ['on its own', { [`sys/kernel/tracing/${ID}`]: '1' }, ''],
  ['below debugfs', { [`sys/kernel/tracing/${ID}`]: undefined, [`sys/kernel/debug/tracing/${ID}`]: '1' }, ''],
  ['nowhere', { [`sys/kernel/tracing/${ID}`]: undefined }, 'absent'],
] as const)('tracefs %s', ([, changes, tracefsProblem]) => {
  expect(lookAt(folder(changes)).tracefsProblem).toBe(tracefsProblem);
});

test.for([
  ['another user namespace', { 'proc/self/uid_map': '0 100000 65536\n' }, { isInitialUserNamespace: false }],
  ['no lockdown', { 'sys/kernel/security/lockdown': '[none] integrity confidentiality\n' }, { lockdown: 'none' }],
  ['no bpffs', { 'proc/self/mounts': 'none /sys/fs/bpf tmpfs rw 0 0\n' }, { bpffs: '' }],
] as const)('%s', ([, changes, found]) => {
  expect(lookAt(folder(changes))).toMatchObject(found);
});
