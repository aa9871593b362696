import { expect, test } from 'vitest';
import { expectRecord } from '../support/expected.js';
import { observe } from '../support/observer.js';
import { describeHooks, isOfSystemCalls } from '../support/reasons.js';
import type { Scenario } from '../workload/workload.js';

const EAGAIN = 11;
const EFAULT = 14;
const EMFILE = 24;

/** Calls that fail: nothing may be seen of them. */
const FAILING: readonly (readonly [string, Scenario, number])[] = [
  ['EAGAIN', { call: 'eagain', count: 0, accepts: 3 }, EAGAIN],
  ['EMFILE', { call: 'emfile' }, EMFILE],
];

describeHooks('what is no accepted TCP connection', (hook) => {
  test.for(FAILING)('%s', async ([, scenario, errno]) => {
    const { accepts, records } = await observe(scenario, { hook });
    expect(accepts.map((accept) => accept.errno)).toEqual(Array(scenario.accepts ?? 1).fill(errno));
    expect(records).toEqual([]);
  });

  test('a unix socket', async () => {
    const { extra, records } = await observe({ count: 0, extra: 'unix' }, { hook });
    expect(extra?.returned).toBeGreaterThan(0);
    expect(records).toEqual([]);
  });

  test('a 32-bit keyctl, which has the number of accept4 and returns that of a socket', async ({ skip }) => {
    const { extra, accepts, records } = await observe({ extra: 'namesake' }, { hook });
    if (extra?.unsupported) skip(`no 32-bit keyctl here: ${extra.unsupported}`);
    expect(extra?.returned).toBe(accepts[0]?.fd);
    expect(records).toHaveLength(1);
    expectRecord(records[0] as never, accepts[0] as never, { hook });
  });

  test('EFAULT takes the connection all the same: a limit of the hooks of system calls', async () => {
    const { accepts, records } = await observe({ call: 'efault' }, { hook });
    expect(accepts.map((accept) => accept.errno)).toEqual([EFAULT]);
    expect(records).toHaveLength(isOfSystemCalls(hook) ? 0 : 1);
  });

  test('a 32-bit accept4: a limit of the hooks of system calls', async ({ skip }) => {
    const { accepts, records } = await observe({ call: 'compat_accept4' }, { hook });
    if (accepts[0]?.fd === -1) skip('no 32-bit system calls here');
    expect(records).toHaveLength(isOfSystemCalls(hook) ? 0 : 1);
  });
});
