import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Check } from '../../source-plugin/doctor/checks.js';
import type { Report } from '../../source-plugin/doctor/report.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, HOOKS, hookReason, liveReason } from '../support/reasons.js';

const WITHOUT_PRIVILEGES = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const works = HOOKS.filter((hook) => hookReason(hook) === '');

/** Runs it in a mount namespace of its own, where this was done first. */
const after = (mount: string) => ['unshare', '--mount', 'sh', '-ec', `${mount}; exec "$@"`, 'sh'];

async function doctor(through: readonly string[] = []): Promise<{ status: number | null; report: Report }> {
  const program = await runProgram(['doctor', '--json'], { through });
  expect(program.stderr).toBe('');
  return { status: program.code, report: JSON.parse(program.stdout) };
}

const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

describeUnless(liveReason(), 'acceptstream doctor', () => {
  test('names the hooks that work here, and the one that a capture takes', async () => {
    const { status, report } = await doctor();
    expect({ status, works: report.works }).toEqual({ status: 0, works: true });
    expect(report.hooks.map(({ name }) => name)).toEqual([...HOOKS]);
    expect(report.hooks.filter((check) => check.status === 'ok').map(({ name }) => name)).toEqual(works);
    expect(report.checks.filter((check) => check.status === 'fail')).toEqual([]);
    const capture = await Program.live(['-P', '9', '--log-level', 'info']);
    await capture.stop();
    expect(capture.stderr).toContain(`live by ${report.hook}, `);
  });

  test('its text says the same', async () => {
    const { code, stdout, stderr } = await runProgram(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { report } = await doctor();
    const lines = stdout.split('\n').slice(2);
    const names = lines.slice(0, lines.indexOf('')).map((line) => line.slice(6, 32).trimEnd());
    expect(names).toEqual([...report.checks, ...report.hooks].map(({ name }) => name));
    expect(stdout).toContain(`\nCapture works, by ${report.hook}, which `);
  });

  test('without privileges it says which', async () => {
    const { status, report } = await doctor(WITHOUT_PRIVILEGES);
    expect({ status, works: report.works, hook: report.hook }).toEqual({ status: 1, works: false, hook: null });
    expect(named(report.checks, 'privileges')).toMatchObject({
      status: 'fail',
      detail: 'user 65534, without CAP_BPF and CAP_PERFMON',
    });
    // What this kernel has no place for is refused for that, whoever asks.
    const forbidden = report.hooks.filter(({ detail }) => detail === 'not permitted without CAP_BPF and CAP_PERFMON');
    expect(forbidden.map(({ name }) => name)).toEqual(expect.arrayContaining(works));
    for (const check of forbidden) expect(check).toMatchObject({ status: 'fail', remedy: 'see privileges' });
  });

  test('in a user namespace it says that this is why', async () => {
    const { status, report } = await doctor(['unshare', '--user', '--map-root-user']);
    expect(status).toBe(1);
    expect(named(report.checks, 'privileges')?.detail).toMatch(/^root of a user namespace/);
  });

  test('without tracefs it says so, and that the tracepoints need it', async () => {
    const { status, report } = await doctor(after('mount -t tmpfs none /sys/kernel/tracing'));
    expect(status).toBe(0);
    expect(named(report.checks, 'tracefs')).toMatchObject({ status: 'warn' });
    expect(named(report.hooks, 'tracepoint:sys_exit_accept')).toMatchObject({ status: 'warn', remedy: 'see tracefs' });
  });

  test('BTF that is hidden or cut is no BTF', async () => {
    const hidden = await doctor(after('mount -t tmpfs none /sys/kernel/btf'));
    expect(named(hidden.report.checks, 'btf')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/is not there$/),
    });
    expect(hidden.status).toBe(1);
    const folder = mkdtempSync(join(tmpdir(), 'acceptstream-doctor-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'btf'), 'no types at all, but some bytes');
    const { status, report } = await doctor(after(`mount --bind ${folder}/btf /sys/kernel/btf/vmlinux`));
    expect(status).toBe(1);
    expect(named(report.checks, 'btf')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/is no BTF of this machine$/),
    });
  });
});

test.for([[['doctor', 'x']], [['doctor', '--jsonl']], [['doctor', '--json=1']]])(
  '%j is wrong usage',
  async ([args]) => {
    const { code, stdout, stderr } = await runProgram(args ?? []);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^usage: acceptstream doctor \[-h\] \[--json\]\nacceptstream doctor: error: [^\n]+\n$/);
  },
);

test('doctor -h prints help', async () => {
  const { code, stdout, stderr } = await runProgram(['doctor', '-h']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: acceptstream doctor \[-h\] \[--json\]\n/);
});
