import { expect, test } from 'vitest';
import { expectRecord } from '../support/expected.js';
import { observe } from '../support/observer.js';
import { describeHooks } from '../support/reasons.js';
import type { Scenario } from '../workload/workload.js';

const name = (text: string) => Buffer.from(text);

/** Scenarios that accept; every field of every record is compared, and there is one record for each accept. */
const ACCEPTED: readonly (readonly [string, Scenario])[] = [
  ['IPv4', { listen: '127.0.0.1', from: '127.0.0.77' }],
  ['IPv6', { listen: '::1' }],
  ['an IPv4 peer of a dual-stack listener', { listen: '::', connect: '127.0.0.1' }],
  ['an IPv6 peer of a dual-stack listener', { listen: '::', connect: '::1' }],
  ['a listener on every address', { listen: '0.0.0.0', connect: '127.0.0.3' }],
  ['accept4', { call: 'accept4' }],
  ['accept without an address', { call: 'null' }],
  ['a thread with a name of its own', { comm: name('process'), thread: name('thread') }],
  ['several in the queue', { count: 4, backlog: 9 }],
  ['a queue of one', { backlog: 0 }],
  ['a wait of 60 ms in the queue', { delay_ms: 60 }],
  ['a wait of 60 ms with data before the accept', { delay_ms: 60, before: 'early' }],
  ['a peer that closed before the accept', { before: 'fin' }],
  ['a peer that reset before the accept', { before: 'reset', listen: '127.0.0.1', from: '127.0.0.78' }],
  ['an IPv6 peer that reset before the accept', { before: 'reset', listen: '::1' }],
  ['a mapped peer that reset before the accept', { before: 'reset', listen: '::', connect: '127.0.0.1' }],
  ['a plain peer of an MPTCP listener', { mptcp_listener: 1 }],
];

const MPTCP: readonly (readonly [string, Scenario])[] = [
  ['IPv4', { mptcp_listener: 1, mptcp_client: 1 }],
  ['IPv6', { mptcp_listener: 1, mptcp_client: 1, listen: '::1' }],
  ['a mapped peer', { mptcp_listener: 1, mptcp_client: 1, listen: '::', connect: '127.0.0.1' }],
  ['a peer that reset before the accept', { mptcp_listener: 1, mptcp_client: 1, before: 'reset' }],
  ['an IPv6 peer that reset before the accept', { mptcp_listener: 1, mptcp_client: 1, before: 'reset', listen: '::1' }],
  ['several in the queue after 60 ms', { mptcp_listener: 1, mptcp_client: 1, count: 3, delay_ms: 60 }],
];

describeHooks('accepted connections', (hook) => {
  test.for(ACCEPTED)('%s', async ([, scenario]) => {
    const { accepts, records } = await observe(scenario, { hook });
    expect(accepts).toHaveLength(scenario.count ?? 1);
    expect(records).toHaveLength(accepts.length);
    for (const [index, record] of records.entries()) expectRecord(record, accepts[index] as never, { hook });
  });

  test.for(MPTCP)('MPTCP: %s', async ([, scenario]) => {
    const { accepts, records } = await observe(scenario, { hook });
    expect(records).toHaveLength(accepts.length);
    for (const [index, record] of records.entries()) {
      expectRecord(record, accepts[index] as never, { hook, mptcp: true });
    }
  });

  test('threads that were blocked in accept before capture began', async () => {
    const parked = 96;
    const scenario = { parked, count: parked, backlog: parked, thread: name('parked') };
    const { accepts, records } = await observe(scenario, { hook });
    expect(accepts.map((accept) => accept.fd >= 0)).toEqual(Array(parked).fill(true));
    expect(records).toHaveLength(parked);
    expect(records.map(identity).sort()).toEqual(accepts.map(identityOfTruth).sort());
    for (const record of records) expect(record.queued_us).toBeGreaterThanOrEqual(0);
  });

  function identity(record: { tid: number; comm: string; remote_port: number; local_port: number }): string {
    return [record.tid, record.comm, record.remote_port, record.local_port].join(' ');
  }

  function identityOfTruth(truth: { tid: number; peer_port: number; local_port: number }): string {
    return [truth.tid, 'parked', truth.peer_port, truth.local_port].join(' ');
  }
});
