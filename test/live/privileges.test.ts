import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, hookReason, liveReason } from '../support/reasons.js';
import { columnsOf, row } from '../support/reference.js';
import { Workload } from '../workload/workload.js';

const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'];
const capabilities = (names: readonly string[]) => names.map((name) => `+${name}`).join();

/** Runs a command as nobody with nothing but these capabilities. */
function nobodyWith(names: readonly string[]): string[] {
  const ids = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const set = capabilities(names);
  return names.length === 0 ? ids : [...ids, '--inh-caps', set, '--ambient-caps', set];
}

/** Root as in a container that was given nothing but these. */
const rootWith = (names: readonly string[]) => ['setpriv', '--bounding-set', `-all,${capabilities(names)}`];

/** The capability sets of each thread of a process. */
function setsOf(pid: number): string[][] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return SETS.map((name) => new RegExp(`^${name}:\\s+(\\w+)$`, 'm').exec(status)?.[1] ?? '');
  });
}

async function captures(through: readonly string[], options: readonly string[] = []): Promise<string> {
  const workload = await Workload.start({});
  const args = ['-p', `${workload.ready.pid}`, '--log-level', 'info', ...options];
  const program = await Program.live(args, { through });
  const { accepts } = await workload.run();
  const sets = setsOf(program.pid);
  expect(sets.length).toBeGreaterThan(5);
  expect(sets).toEqual(sets.map(() => SETS.map(() => '0'.repeat(16))));
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(program.rows).toEqual(accepts.map((accept) => row(columnsOf(accept))));
  return program.stderr;
}

describeUnless(liveReason(), 'captures, and then no thread has a capability:', () => {
  test.for([
    ['a user with CAP_BPF and CAP_PERFMON', nobodyWith(['bpf', 'perfmon'])],
    ['a user with CAP_SYS_ADMIN', nobodyWith(['sys_admin'])],
    ['root in a container with CAP_BPF and CAP_PERFMON', rootWith(['bpf', 'perfmon'])],
    ['root', []],
  ] as const)('%s', async ([, through]) => {
    expect(await captures(through)).toMatch(/^acceptstream: live by [^\n]+\n$/);
  });

  test.skipIf(hookReason('tracepoint:sys_exit_accept'))(
    'a user with CAP_DAC_READ_SEARCH too, by tracepoint',
    async () => {
      const through = nobodyWith(['bpf', 'perfmon', 'dac_read_search']);
      const said = await captures(through, ['--hook', 'tracepoint:sys_exit_accept']);
      expect(said).toContain('live by tracepoint:sys_exit_accept, ');
    },
  );
});

describeUnless(liveReason(), 'a user', () => {
  test.for([[], ['bpf'], ['perfmon']] as const)('with only the capabilities %j may not capture', async (names) => {
    const program = await runProgram([], { through: nobodyWith(names) });
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr).toMatch(/^acceptstream: [^\n]*CAP_BPF and CAP_PERFMON[^\n]*\n$/);
  });
});
