import { expect, test } from 'vitest';
import { type Exit, Program, runProgram } from '../support/program.js';
import { describeUnless, HOOKS, type Hook, hookReason, liveReason, refusal } from '../support/reasons.js';
import { columnsOf, row } from '../support/reference.js';
import { Workload } from '../workload/workload.js';

/** Runs a command where a folder is empty. */
const without = (path: string) => ['unshare', '--mount', 'sh', '-ec', `mount -t tmpfs none ${path}; exec "$@"`, 'sh'];

/** One accept as the command shows it when run that way, and what it was attached to. */
async function showsAccept(through: readonly string[]): Promise<{ links: string[]; exit: Exit }> {
  const workload = await Workload.start({});
  const program = await Program.live(['-p', `${workload.ready.pid}`], { through });
  const links = program.linkTypes();
  const { accepts } = await workload.run();
  const exit = await program.stop();
  expect(program.rows).toEqual(accepts.map((accept) => row(columnsOf(accept))));
  expect(program.stderr).toBe('');
  return { links, exit };
}

const WELL = { code: 0, signal: null };
const LINKS: Readonly<Record<Hook, readonly string[]>> = {
  'fentry:__inet_accept': ['tracing', 'tracing'],
  'fentry:security_sock_graft': ['tracing'],
  'kprobe:__inet_accept': ['perf'],
  'kprobe:security_sock_graft': ['perf'],
  'tracepoint:sys_exit_accept': ['perf', 'perf'],
  'tp_btf:sys_exit': ['raw_tracepoint'],
};

describeUnless(liveReason(), 'on a machine', () => {
  test('it takes the first hook that works', async () => {
    const hook = HOOKS.find((one) => hookReason(one) === '') ?? 'tp_btf:sys_exit';
    expect(await showsAccept([])).toEqual({ links: LINKS[hook], exit: WELL });
  });

  const last = HOOKS.slice(0, -2).every((hook) => refusal(hook) !== '');
  test.runIf(last)('without tracefs it takes the BTF tracepoint', async () => {
    expect(await showsAccept(without('/sys/kernel/tracing'))).toEqual({ links: LINKS['tp_btf:sys_exit'], exit: WELL });
  });

  test('without BTF it says so', async () => {
    const program = await runProgram([], { through: without('/sys/kernel/btf') });
    expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr).toMatch(/^acceptstream: [^\n]*BTF[^\n]*\n$/);
  });
});
