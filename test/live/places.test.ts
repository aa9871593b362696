import { expect, test } from 'vitest';
import { cgroup2Mount, makeCgroup } from '../support/cgroup.js';
import { commText, expectRecord, inodeOf } from '../support/expected.js';
import { observe } from '../support/observer.js';
import { describeHooks } from '../support/reasons.js';
import type { Scenario } from '../workload/workload.js';

const PLACES: readonly (readonly [string, Scenario])[] = [
  ['a network namespace', { unshare: 'net' }],
  ['a mount namespace', { unshare: 'mnt' }],
  ['a pid namespace', { unshare: 'pid' }],
  ['a pid namespace that is only for children', { unshare: 'children' }],
  ['a container', { unshare: 'net,mnt,pid' }],
  ['a user namespace', { unshare: 'user,net', ruid: 1234, euid: 1234, rgid: 2345, egid: 2345 }],
  ['another user', { ruid: 65534, euid: 65534, rgid: 65533, egid: 65533 }],
  ['ids of which the effective ones differ', { ruid: 1001, euid: 0, rgid: 1002, egid: 0 }],
  ['an id above 2^31', { ruid: 4294967293 | 0, euid: 0, rgid: 4294967292 | 0, egid: 0 }],
];

const NAMES: readonly (readonly [string, Uint8Array])[] = [
  ['15 bytes', Buffer.from('fifteen-bytes-1')],
  ['nothing', Buffer.alloc(0)],
  ['characters of two to four bytes', Buffer.from('é€😀ñ')],
  ['a newline and an escape sequence', Buffer.from('a\n\x1b[31mb')],
  ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0x62, 0x80])],
  ['a character cut off at the end', Buffer.from('fourteen-byte\xe2\x82', 'latin1')],
  ['too long, a surrogate and beyond Unicode', Buffer.from('c0afeda080f4908080', 'hex')],
  ['a byte order mark', Buffer.from('efbbbf61', 'hex')],
];

describeHooks('where and who', (hook) => {
  test.for(PLACES)('%s', async ([, scenario]) => {
    const { accepts, records } = await observe(scenario, { hook });
    expect(records).toHaveLength(1);
    expectRecord(records[0] as never, accepts[0] as never, { hook });
  });

  test('namespaces of a container are its own', async () => {
    const [inside, outside] = [await observe({ unshare: 'net,mnt,pid' }, { hook }), await observe({}, { hook })];
    const kinds = ['netns', 'mntns', 'pidns'] as const;
    for (const kind of kinds) {
      expect(inside.records[0]?.[kind]).not.toBe(outside.records[0]?.[kind]);
      expect(inside.records[0]?.[kind]).toBe(inodeOf(inside.ready[kind]));
    }
    expect(inside.records[0]?.ppid).toBe(inside.ready.ppid);
  });

  test.for(NAMES)('COMM: %s', async ([, comm]) => {
    const { accepts, records } = await observe({ comm }, { hook });
    expect(accepts[0]?.comm).toBe(Buffer.from(comm).toString('hex'));
    expect(records.map((record) => record.comm)).toEqual([commText(comm)]);
  });

  const lengths = [9, 24, 200, 255];
  test.for(lengths)('a cgroup whose name has %i bytes', async (length, { skip }) => {
    if (cgroup2Mount() === undefined) skip('no cgroup2 is mounted');
    const cgroup = makeCgroup(`${process.pid}`.padEnd(length, 'x').slice(0, length));
    try {
      const { accepts, records } = await observe({ cgroup: cgroup.directory }, { hook });
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ cgroup: cgroup.name, cgroup_id: cgroup.id });
      expectRecord(records[0] as never, accepts[0] as never, { hook });
    } finally {
      await cgroup.remove();
    }
  });
});
