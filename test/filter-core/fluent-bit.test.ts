import { isIP } from 'node:net';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fluentBitFilter } from '../../filter-core/fluent-bit.js';
import { type Filter, loadCore, type RateLimit } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { bytesOf, communityId } from '../reference/community-id.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { accept, fewOf, filter } from './condition-values.js';
import { FluentBitHost } from './fluent-bit-host.js';
import { drain, encode } from './support.js';

const json = await loadCore({ format: 'json' });
const lines = (records: readonly Accept[]): string[] =>
  Buffer.from(drain(json, encode(records)).text, 'latin1')
    .toString()
    .split('\n')
    .slice(0, -1);
const lineOf = (fields: Partial<Accept>) => lines([acceptOf(fields)])[0] ?? '';

/** Whether the core keeps each record, one behind the other. */
async function keptByCore(records: readonly Accept[], by: Filter): Promise<boolean[]> {
  const core = await loadCore({ format: 'avro', filter: by });
  return records.map((record) => drain(core, encode([record])).records === 1);
}

async function keptByFilter(records: readonly Accept[], by: Filter): Promise<boolean[]> {
  const host = new FluentBitHost(await fluentBitFilter(by));
  return lines(records).map((line) => host.filter(line).text !== '');
}

const isPort = (port: number) => port >= 0 && port <= 65535;

/** The id that a record without one gets. */
function idOf({ remote_address, local_address, remote_port, local_port }: Accept): string {
  if (!isIP(remote_address) || !isIP(local_address) || !isPort(remote_port) || !isPort(local_port)) return '';
  if (`${remote_address}${local_address}`.includes('%')) return '';
  const mapped = (address: string) => {
    const bytes = bytesOf(address);
    return bytes.length === 4 ? [...Array<number>(10).fill(0), 255, 255, ...bytes] : bytes;
  };
  const isFour = (bytes: number[]) => bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255';
  const ends = [mapped(remote_address), mapped(local_address)] as const;
  const [remote, local] = ends.every(isFour) ? [ends[0].slice(12), ends[1].slice(12)] : ends;
  return communityId([remote, remote_port], [local, local_port]);
}

describe('the same answers as the core', () => {
  test('any records, any filter', { timeout: 120_000 }, async () => {
    let kept = 0;
    let dropped = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(accept, { maxLength: 12 }), fc.oneof(fewOf, filter), async (records, by) => {
        const answers = await keptByCore(records, by);
        expect(await keptByFilter(records, by)).toEqual(answers);
        kept += answers.filter(Boolean).length;
        dropped += answers.filter((answer) => !answer).length;
      }),
      { numRuns: 200 },
    );
    expect(Math.min(kept, dropped)).toBeGreaterThan(100);
  });

  test('rate limits', { timeout: 60_000 }, async () => {
    const rateLimit: fc.Arbitrary<RateLimit> = fc.record({
      records: fc.integer({ min: 1, max: 3 }),
      key: fc.constantFrom('remote_address', 'local_port', 'comm', 'pid'),
      intervalMs: fc.constantFrom(1, 1000, 86_400_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(accept, { maxLength: 30 }), rateLimit, async (records, limit) => {
        const by = { rateLimit: limit };
        expect(await keptByFilter(records, by)).toEqual(await keptByCore(records, by));
      }),
      { numRuns: 60 },
    );
  });

  test('lists as long as they can be', async () => {
    const list = <T>(count: number, entry: (index: number) => T) => Array.from({ length: count }, (_, at) => entry(at));
    const most: Filter = {
      remoteNets: list(1024, (at) => `10.${at >> 8}.${at & 255}.0/25`),
      excludeLocalNets: list(1024, (at) => `2001:db8:${at.toString(16)}::/64`),
      ports: [[0, 65535]],
      remotePorts: [[0, 65535]],
      uids: list(256, (at) => 2 ** 32 - 1 - at),
      comms: list(256, (at) => `${at}`.padStart(15, '_')),
      cgroups: list(64, (at) => `/${`${at}`.padStart(1023, 'a')}`),
      containers: list(64, (at) => at.toString(16).padStart(64, '0')),
    };
    const fits = acceptOf({
      remote_address: '10.3.255.127',
      uid: 2 ** 32 - 256,
      comm: '255'.padStart(15, '_'),
      cgroup_path: `/${'63'.padStart(1023, 'a')}/b`,
      container_id: (63).toString(16).padStart(64, '0'),
    });
    const records = [fits, { ...fits, remote_address: '10.3.255.128' }, { ...fits, comm: '256'.padStart(15, '_') }];
    expect(await keptByCore(records, most)).toEqual([true, false, false]);
    expect(await keptByFilter(records, most)).toEqual([true, false, false]);
  });
});

describe('community_id', () => {
  let host: FluentBitHost;
  beforeAll(async () => {
    host = new FluentBitHost(await fluentBitFilter());
  });

  // Of the specification, of Elastic's Auditbeat, and computed by the specification's own program.
  test.each<[readonly [string, number], readonly [string, number], string]>([
    [['128.232.110.120', 34855], ['66.35.250.204', 80], '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
    [
      ['2001:470:e5bf:dead:4957:2174:e82c:4887', 63943],
      ['2607:f8b0:400c:c03::1a', 25],
      '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
    ],
    [['10.0.2.2', 55270], ['10.0.2.15', 22], '1:IXrg9Y06W7zrkqBlE30jpC/mzjo='],
    [['127.0.0.1', 40000], ['127.0.0.1', 8080], '1:KtokAHyz+LpmkWAFBK/+HjzP3tE='],
    [['::1', 40000], ['::1', 8080], '1:L5IA2hF0v0/k9gpmt0QLdE5kiAI='],
    [['10.0.0.1', 1234], ['127.0.0.1', 80], '1:F/BCgQTUT/FXrTnSBgdsKwJ26iE='],
    [['::ffff:10.0.2.2', 55270], ['::ffff:10.0.2.15', 22], '1:IXrg9Y06W7zrkqBlE30jpC/mzjo='],
  ])('%j to %j', (from, to, id) => {
    for (const [remote, local] of [
      [from, to],
      [to, from],
    ] as const) {
      const ends = { remote_address: remote[0], remote_port: remote[1], local_address: local[0], local_port: local[1] };
      const line = lineOf({ ...ends, community_id: '' });
      expect(host.filter(line).text).toBe(line.replace('"community_id":""', `"community_id":"${id}"`));
    }
  });

  test('any record: what lacks one gets it, nothing else is changed', () => {
    fc.assert(
      fc.property(accept, fc.boolean(), fc.boolean(), (any, isThere, isKnown) => {
        const record = { ...any, community_id: isKnown ? any.community_id || '1:x' : '' };
        const [line = ''] = lines([record]);
        const given = isThere ? line : line.replace(/,"community_id":"[^}]*"(?=\}$)/, '');
        const { text, isSame } = host.filter(given);
        const id = isThere && isKnown ? record.community_id : idOf(record);
        if (id === '' || (isThere && isKnown)) expect([text, isSame]).toEqual([given, true]);
        else expect(text).toBe(line.replace(/"community_id":"[^}]*"(?=\}$)/, `"community_id":"${id}"`));
      }),
      { numRuns: 400 },
    );
  });
});
