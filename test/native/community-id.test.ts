import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, communityId } from '../reference/community-id.js';
import { recordOf } from './events.js';

function idOf(ipVersion: 4 | 6, from: readonly [string, number], to: readonly [string, number]): string {
  const [remote, local] = [bytesOf(from[0]), bytesOf(to[0])];
  return recordOf({ ipVersion, remote, remotePort: from[1], local, localPort: to[1] }).community_id;
}

// Of the specification, of Elastic's Auditbeat, and computed by the specification's own program.
test.each<[4 | 6, readonly [string, number], readonly [string, number], string]>([
  [4, ['128.232.110.120', 34855], ['66.35.250.204', 80], '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [
    6,
    ['2001:470:e5bf:dead:4957:2174:e82c:4887', 63943],
    ['2607:f8b0:400c:c03::1a', 25],
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
  [4, ['10.0.2.2', 55270], ['10.0.2.15', 22], '1:IXrg9Y06W7zrkqBlE30jpC/mzjo='],
  [4, ['1.2.3.4', 1122], ['5.6.7.8', 3344], '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  [4, ['127.0.0.1', 40000], ['127.0.0.1', 8080], '1:KtokAHyz+LpmkWAFBK/+HjzP3tE='],
  [6, ['::1', 40000], ['::1', 8080], '1:L5IA2hF0v0/k9gpmt0QLdE5kiAI='],
  [4, ['10.0.0.1', 1234], ['127.0.0.1', 80], '1:F/BCgQTUT/FXrTnSBgdsKwJ26iE='],
  [6, ['::ffff:10.0.2.2', 55270], ['::ffff:10.0.2.15', 22], '1:IXrg9Y06W7zrkqBlE30jpC/mzjo='],
])('IPv%i %j to %j', (version, from, to, id) => {
  expect(idOf(version, from, to)).toBe(id);
  expect(idOf(version, to, from)).toBe(id);
});

test('only one mapped end, which no connection has, is IPv6', () => {
  const ends = [['::ffff:10.0.2.2', 55270] as const, ['2001:db8::1', 22] as const] as const;
  expect(idOf(6, ...ends)).toBe(communityId([bytesOf(ends[0][0]), 55270], [bytesOf(ends[1][0]), 22]));
});

test('any ends have the id that plain TypeScript makes with the hash of Node.js', () => {
  const port = fc.oneof(fc.constantFrom(0, 80, 65535), fc.integer({ min: 0, max: 65535 }));
  const addresses = fc.oneof(
    fc.tuple(fc.constant(4 as const), fc.uint8Array({ minLength: 4, maxLength: 4 })),
    fc.tuple(fc.constant(6 as const), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  );
  const near = fc.tuple(addresses, fc.nat({ max: 15 }), fc.integer({ min: 0, max: 1 }));
  fc.assert(
    fc.property(near, port, port, ([[ipVersion, address], at, step], remotePort, localPort) => {
      const remote = [...address];
      const local = remote.map((byte, index) => (index === at % remote.length ? (byte + step) & 255 : byte));
      const { community_id } = recordOf({ ipVersion, remote, remotePort, local, localPort });
      expect(community_id).toBe(communityId([remote, remotePort], [local, localPort]));
    }),
    { numRuns: 500 },
  );
});
