import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { encodeEvents } from '../../native/index.js';
import { bootId } from '../../source-plugin/host.js';
import { type Event, eventOf, identityOf, recordOf, recordsOf } from './events.js';

const BOOT = '6a2f6b5e-9c0d-4f4e-8d7c-2b1a09f8e7d6';
const MINUTE_NS = 60_000_000_000n;

test('a process is named by boot, pid and start', () => {
  const identity = identityOf({ bootId: BOOT });
  expect(recordOf({ pid: 907, processStartNs: 4_001_000_000n }, identity).entity_id).toBe(`${BOOT}:907:4001000000`);
  const longest = { pid: 2 ** 31 - 1, processStartNs: 2n ** 63n - 1n };
  expect(recordOf(longest, identity).entity_id).toBe(`${BOOT}:2147483647:9223372036854775807`);
});

test('any pid and start stand in it digit for digit, where its length needs two bytes too', () => {
  const identity = identityOf({ bootId: BOOT });
  const powers = Array.from({ length: 19 }, (_, digits) => [10n ** BigInt(digits), 10n ** BigInt(digits + 1) - 1n]);
  const events = powers.flat().map((start) => (start > 2n ** 63n ? 2n ** 63n - 1n : start));
  for (const pid of [1, 9, 10, 4_194_304, 99_999_999, 100_000_000, 2 ** 31 - 1])
    expect(
      recordsOf(
        events.map((processStartNs) => ({ pid, processStartNs })),
        identity,
      ).map((record) => record.entity_id),
    ).toEqual(events.map((start) => `${BOOT}:${pid}:${start}`));
});

test.each([
  ['the boot', { processStartNs: 1n }, ''],
  ['a boot with the name of one', { processStartNs: 1n }, 'x'.repeat(500)],
  ['the start', { processStartNs: 0n }, BOOT],
])('an unknown part leaves it empty: %s', (_name, event, boot) => {
  expect(recordOf(event, identityOf({ bootId: boot })).entity_id).toBe('');
});

test("the boot's id is the kernel's, and empty where there is none", () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(bootId('/nowhere')).toBe('');
  expect(bootId('/etc/os-release')).toBe('');
});

test('users have the names that the system gives them', () => {
  const { uid, username } = userInfo();
  const names = recordsOf([{ uid: 0 }, { uid: 65534 }, { uid }, { uid: 0 }]).map(({ user_name }) => user_name);
  const getent = (id: number) =>
    execFileSync('getent', ['passwd', `${id}`])
      .toString()
      .split(':')[0];
  expect(names).toEqual([getent(0), getent(65534), username, getent(0)]);
});

test('a user whom the system does not know has no name, and takes none of another', () => {
  // The same place in what is kept: ids that differ by a multiple of 256.
  const ids = [0, 256_000_000, 0, 4_294_967_295, 256_000_000];
  expect(recordsOf(ids.map((uid) => ({ uid }))).map(({ user_name }) => user_name)).toEqual([
    'root',
    '',
    'root',
    '',
    '',
  ]);
});

const asks = `
const { encodeEvents } = await import('./dist/native/index.js');
const { writeFileSync } = await import('node:fs');
const [events, identity, passwd] = JSON.parse(process.argv[1]);
const target = new Uint8Array(1 << 16);
for (const [index, event] of events.entries()) {
  writeFileSync('/etc/passwd', Buffer.from(passwd[index], 'latin1'));
  const bytes = encodeEvents(Buffer.from(event, 'base64'), identity, target);
  console.log(Buffer.from(target.subarray(0, bytes)).toString('base64'));
}`;

const mayUnshare = process.geteuid?.() === 0;
const reason = mayUnshare ? '' : ' (skipped: needs root)';

test.skipIf(!mayUnshare)(`a new name shows after five minutes, a missing one is kept as long${reason}`, async () => {
  const { acceptType } = await import('../source-plugin/memory-source.js');
  const line = (name: string) => `root:x:0:0::/:/bin/sh\n${name}:x:4242:4242::/:/bin/sh\n`;
  const asked: readonly (readonly [bigint, string, string])[] = [
    [1n, 'root:x:0:0::/:/bin/sh\n', ''],
    [5n * MINUTE_NS, line('early'), ''],
    [5n * MINUTE_NS + 1n, line('first'), 'first'],
    [10n * MINUTE_NS, line('second'), 'first'],
    [10n * MINUTE_NS + 1n, line('se\xffcond'), 'se\ufffdcond'],
    [15n * MINUTE_NS + 1n, line('x'.repeat(300)), ''],
  ];
  const events = asked.map(([monotonicNs]) => eventOf({ uid: 4242, monotonicNs }).toString('base64'));
  const input = JSON.stringify([events, identityOf(), asked.map(([, passwd]) => passwd)]);
  const script = 'f=$(mktemp) && mount --bind "$f" /etc/passwd && rm "$f" && exec "$@"';
  const argv = [process.execPath, '--input-type=module', '-e', asks, input];
  const isolated = ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...argv];
  const lines = execFileSync('unshare', isolated, { encoding: 'utf8' }).trim().split('\n');
  const names = lines.map((text) => acceptType.fromBuffer(Buffer.from(text, 'base64')).user_name);
  expect(names).toEqual(asked.map(([, , name]) => name));
});

test('the longest datum fits the room that the encoder asks for', () => {
  const bad = (bytes: number) => Buffer.alloc(bytes, 0xff);
  const names = [...Array<Buffer>(3).fill(bad(255)), bad(254)];
  const longest: Event = {
    ...{ ipVersion: 6, monotonicNs: 2n ** 63n - 1n, processStartNs: 2n ** 63n - 1n, cgroupId: 2n ** 63n - 1n },
    ...{ pid: 2 ** 31 - 1, uid: 2 ** 32 - 1, remotePort: 65535, localPort: 65535, comm: bad(16), flags: 0x1f },
    ...{ cgroup: names, exe: names, remote: bad(16), local: bad(16) },
  } as unknown as Event;
  const event = eventOf(longest);
  const identity = identityOf();
  const fits = (room: number) => {
    try {
      return encodeEvents(event, identity, new Uint8Array(room));
    } catch {
      return 0;
    }
  };
  let room = 1;
  while (fits(room) === 0) room += 1;
  expect(fits(room)).toBeGreaterThan(6000);
  expect(fits(room)).toBeLessThanOrEqual(room);
  expect(room).toBeLessThan(0x8000);
});
