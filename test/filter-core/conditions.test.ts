import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, loadCore, type Ports, RATE_KEYS } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { kept } from '../reference/filter.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode } from './support.js';

// Few values, so that conditions often hold, and their neighbours, so that they often just don't.
const four = fc
  .tuple(fc.constantFrom(0, 9, 10, 127, 192, 255), fc.constantFrom(0, 1, 128, 255), fc.constantFrom(0, 2, 255))
  .map(([first, second, last]) => `${first}.${second}.${second}.${last}`);
const group = fc.constantFrom('0', '1', 'ffff', '2001', 'db8', 'fe80');
const six = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  fc
    .tuple(fc.array(group, { maxLength: 3 }), fc.array(group, { maxLength: 3 }))
    .map((sides) => sides.map((side) => side.join(':')).join('::')),
  four.map((text) => `::ffff:${text}`),
  four.map((text) => `::${text}`),
  fc.constantFrom(
    '::ffff:0:1',
    '::fffe:ffff:ffff',
    '::1:0:0:0',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '0:0:0:0:0:FFFF:0A00:1',
  ),
);
const address = fc.oneof(
  { weight: 4, arbitrary: four },
  { weight: 4, arbitrary: six },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

const bits = (most: number) =>
  fc.oneof(
    fc.constant(''),
    fc.nat({ max: most }).map((count) => `/${count}`),
  );
const net = fc.oneof(fc.tuple(four, bits(32)), fc.tuple(six, bits(128))).map((parts) => parts.join(''));
const nets = fc.array(net, { minLength: 1, maxLength: 5 });

const port = fc.constantFrom(0, 1, 22, 80, 443, 8000, 8099, 65535);
const ports = fc.array(
  fc.oneof<fc.Arbitrary<Ports>[]>(
    port,
    fc.tuple(port, port).map(([one, other]): Ports => (one < other ? [one, other] : [other, one])),
  ),
  { minLength: 1, maxLength: 3 },
);

const COMMS = ['sshd', 'a', 'abcdefghijklmno', 'é', 'http-nio-8080-A', 'a\nb'];
const PATHS = ['/', '/a', '/a/b', '/ab', '/a/b/c', '/\u00e9'];
const IDS = ['0123456789abcdef'.repeat(4), `${'01234567'.repeat(7)}76543210`, 'f'.repeat(64)];
const TIMES = [-1, 0, 1, 999_999, 1_000_000, 2 ** 52];

const accept = fc
  .record({
    remote_address: address,
    local_address: address,
    remote_port: fc.oneof(port, fc.integer()),
    local_port: port,
    uid: fc.constantFrom(0, 33, 2 ** 32 - 1, -1),
    comm: fc.oneof(fc.constantFrom(...COMMS, '', 'abcdefghijklmnop', '\ufffd'), fc.string({ unit: 'binary' })),
    netns: fc.constantFrom(4026531840, 4026531841, -1),
    event_time: fc.constantFrom(...TIMES),
    pid: fc.nat({ max: 3 }),
    peer_reset: fc.boolean(),
  })
  .chain((fields) => anyAccept.map((any): Accept => ({ ...any, ...fields })));

const some = <T>(...values: readonly T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

const filter: fc.Arbitrary<Filter> = fc.record(
  {
    pid: fc.nat({ max: 3 }),
    ports,
    family: fc.constantFrom(4 as const, 6 as const),
    remoteNets: nets,
    excludeRemoteNets: nets,
    localNets: nets,
    excludeLocalNets: nets,
    remotePorts: ports,
    uids: some(0, 33, 2 ** 32 - 1),
    comms: some(...COMMS),
    netns: some(4026531840, 4026531841),
    cgroups: some(...PATHS),
    containers: some(...IDS, '01234567', 'ffffffff', '0123456789'),
    loopback: fc.boolean(),
    since: fc.constantFrom(...TIMES),
    until: fc.constantFrom(...TIMES),
  },
  { requiredKeys: [] },
);

/** One or two conditions: more are rarely met. */
const fewOf = fc
  .tuple(filter, fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 2 }))
  .map(([all, picked]): Filter => {
    const entries = Object.entries(all);
    return Object.fromEntries(entries.filter((_, index) => picked.some((pick) => pick % entries.length === index)));
  });

const records = fc.array(accept, { maxLength: 40 });

async function keptByCore(all: readonly Accept[], by: Filter): Promise<string> {
  return drain(await loadCore({ format: 'avro', filter: by }), encode(all)).text;
}

test('any conditions keep what the reference keeps', async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.oneof(filter, fewOf), async (all, by) => {
      expect(await keptByCore(all, by)).toBe(encode(kept(all, by)).toString('latin1'));
    }),
    { numRuns: 2000 },
  );
});

describe('one by one', () => {
  const keeps = async (by: Filter, fields: Partial<Accept>) => (await keptByCore([acceptOf(fields)], by)) !== '';
  const peer = (remote_address: string) => ({ remote_address });

  test.each<[string, Filter, Partial<Accept>, boolean]>([
    ['the first address of a network', { remoteNets: ['10.0.0.0/8'] }, peer('10.0.0.0'), true],
    ['the last', { remoteNets: ['10.0.0.0/8'] }, peer('10.255.255.255'), true],
    ['the one before', { remoteNets: ['10.0.0.0/8'] }, peer('9.255.255.255'), false],
    ['the one behind', { remoteNets: ['10.0.0.0/8'] }, peer('11.0.0.0'), false],
    ['bits behind those that count', { remoteNets: ['10.1.2.3/8'] }, peer('10.0.0.0'), true],
    ['a mapped peer of an IPv4 network', { remoteNets: ['10.0.0.0/8'] }, peer('::ffff:10.1.1.1'), true],
    ['a mapped peer in hexadecimal', { remoteNets: ['10.0.0.0/8'] }, peer('::ffff:a01:101'), true],
    ['a peer of a mapped network', { remoteNets: ['::ffff:10.0.0.0/104'] }, peer('10.1.1.1'), true],
    ['0.0.0.0/0 is every IPv4 peer', { remoteNets: ['0.0.0.0/0'] }, peer('::ffff:1.2.3.4'), true],
    ['0.0.0.0/0 is no IPv6 peer', { remoteNets: ['0.0.0.0/0'] }, peer('::1'), false],
    ['::/0 is every IPv6 peer', { remoteNets: ['::/0'] }, peer('ffff::'), true],
    ['::/0 is no mapped peer', { remoteNets: ['::/0'] }, peer('::ffff:1.2.3.4'), false],
    ['::ffff:0:0/95 is no mapped peer', { remoteNets: ['::ffff:0:0/95'] }, peer('::ffff:1.2.3.4'), false],
    ['::ffff:0:0/95 is the IPv6 beside', { remoteNets: ['::ffff:0:0/95'] }, peer('::fffe:1.2.3.4'), true],
    ['::ffff:0:0/96 is every IPv4 peer', { remoteNets: ['::ffff:0:0/96'] }, peer('1.2.3.4'), true],
    ['one address', { remoteNets: ['2001:db8::1'] }, peer('2001:db8:0:0::1'), true],
    ['its neighbour', { remoteNets: ['2001:db8::1'] }, peer('2001:db8::2'), false],
    [
      'excluded from what is included',
      { remoteNets: ['10.0.0.0/8'], excludeRemoteNets: ['10.1.0.0/16'] },
      peer('10.1.2.3'),
      false,
    ],
    [
      'beside what is excluded',
      { remoteNets: ['10.0.0.0/8'], excludeRemoteNets: ['10.1.0.0/16'] },
      peer('10.2.0.0'),
      true,
    ],
    ['all excluded', { excludeRemoteNets: ['0.0.0.0/0', '::/0'] }, peer('::'), false],
    ['no address is in no network', { remoteNets: ['0.0.0.0/0', '::/0'] }, peer('localhost'), false],
    ['no address is not excluded', { excludeRemoteNets: ['0.0.0.0/0', '::/0'] }, peer(''), true],
    ['a name of 15 bytes', { comms: ['abcdefghijklmno'] }, { comm: 'abcdefghijklmno' }, true],
    ['a longer name', { comms: ['abcdefghijklmno'] }, { comm: 'abcdefghijklmnop' }, false],
    ['a shorter name', { comms: ['ab'] }, { comm: 'a' }, false],
    ['a NUL is a byte', { comms: ['a'] }, { comm: 'a\0' }, false],
    ['a peer on this host', { loopback: false }, { remote_address: '127.9.9.9', local_address: '127.0.0.1' }, false],
    ['both ends on this host', { loopback: false }, { remote_address: '10.0.0.1', local_address: '10.0.0.1' }, false],
    ['another host', { loopback: false }, { remote_address: '10.0.0.2', local_address: '10.0.0.1' }, true],
    ['since is inclusive', { since: 5 }, { event_time: 5 }, true],
    ['until is exclusive', { until: 5 }, { event_time: 5 }, false],
    ['an empty list is no condition', { remoteNets: [], uids: [], comms: [], cgroups: [] }, {}, true],
    ['a record without a path', { cgroups: ['/nowhere'] }, {}, false],
    ['the end of a range', { remotePorts: [[1000, 2000]] }, { remote_port: 2000 }, true],
    ['behind a range', { remotePorts: [[1000, 2000]] }, { remote_port: 2001 }, false],
  ])('%s', async (_name, by, fields, isKept) => {
    expect(await keeps(by, fields)).toBe(isKept);
  });
});

describe('addresses', () => {
  const everything = { remoteNets: ['0.0.0.0/0', '::/0'] };
  test.each([
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1::8',
    '::ffff:1.2.3.4',
    '64:ff9b::1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    'ABCD::ef01',
    '0001::',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
  ])('%s is one', async (text) => {
    expect(await keptByCore([acceptOf({ remote_address: text })], everything)).not.toBe('');
  });

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.-4',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
    '1.2.3.4/8',
    ':',
    ':::',
    '1:',
    ':1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '::1%lo',
    '[::1]',
    '::1.2.3',
    '::1.2.3.256',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '1:2:3:4::5:6:7:8',
    '::\0',
    '1:2:3:4:5:6:7:8:',
    '0x1.2.3.4',
    '::00001',
    '\ufffd',
    '1'.repeat(5000),
  ])('%j is none', async (text) => {
    expect(await keptByCore([acceptOf({ remote_address: text })], everything)).toBe('');
  });

  // Mostly addresses with a byte changed, left out or put in.
  const nearly = fc
    .tuple(
      fc.oneof(fc.ipV4(), fc.ipV6(), address),
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.constantFrom('', ':', '.', '0', 'f', '::', '/', '%'),
    )
    .map(
      ([text, at, removed, put]) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + removed),
    );

  test('the core and the reference agree on what is one, and which', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(nearly, { maxLength: 60 }), nets, async (texts, by) => {
        const all = texts.map((remote_address) => acceptOf({ remote_address }));
        for (const one of [{ remoteNets: by }, { excludeRemoteNets: by }, everything])
          expect(await keptByCore(all, one)).toBe(encode(kept(all, one)).toString('latin1'));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('rate limit', () => {
  const rateLimit = fc.record({
    records: fc.integer({ min: 1, max: 3 }),
    key: fc.constantFrom(...RATE_KEYS),
    intervalMs: fc.constantFrom(1, 500, 1000),
  });
  const timed = fc
    .tuple(accept, fc.oneof(fc.nat({ max: 2_500_000 }), fc.integer({ min: -(2 ** 52), max: 2 ** 52 })))
    .map(([record, event_time]): Accept => ({ ...record, event_time, remote_address: `10.0.0.${record.pid}` }));

  test('any limit behind any conditions keeps what the reference keeps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(timed, accept), { maxLength: 60 }),
        rateLimit,
        fewOf,
        async (all, limit, rest) => {
          const by = { ...rest, rateLimit: limit };
          const core = await loadCore({ format: 'avro', filter: by });
          const wanted = kept(all, by);
          expect(drain(core, encode(all)).text).toBe(encode(wanted).toString('latin1'));
          expect(core.totals).toEqual({
            received: all.length,
            kept: wanted.length,
            filtered: all.length - wanted.length,
            malformed: 0,
            suppressed: kept(all, rest).length - wanted.length,
            unlimited: 0,
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  const from = (remote_address: string, ms: number) => acceptOf({ remote_address, event_time: ms * 1000 });
  const limit: Filter = { rateLimit: { records: 2, key: 'remote_address' } };

  test('the keys of what it suppressed are counted, and asked for anew each time', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    const burst = (ms: number) =>
      encode(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.1'].map((text) => from(text, ms)));
    drain(core, burst(0));
    expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
    drain(core, burst(999));
    expect(core.takeSuppressed()).toEqual({ records: 4, keys: 1, unlimited: 0 });
    drain(core, burst(1000));
    expect(core.takeSuppressed()).toEqual({ records: 2, keys: 1, unlimited: 0 });
    expect(core.takeSuppressed()).toEqual({ records: 0, keys: 0, unlimited: 0 });
    expect(core.totals).toMatchObject({ received: 15, kept: 7, filtered: 8, suppressed: 8 });
  });

  test('a batch that its consumer gave up is not counted', async () => {
    const core = await loadCore({ format: 'avro', filter: limit });
    const batch = encode([from('10.0.0.1', 0), from('10.0.0.1', 0)]);
    core.input.set(batch);
    for (const _portion of core.portions(batch.length)) break;
    expect(drain(core, batch).records).toBe(2);
    expect(drain(core, batch).records).toBe(0);
  });

  test('each record is counted once, also when the output fills up before it', async () => {
    const core = await loadCore({ format: 'ecs', filter: { rateLimit: { records: 1_000_000, key: 'pid' } } });
    const datum = encode([from('10.0.0.1', 0)]);
    const count = Math.floor(core.input.length / datum.length);
    const again = await loadCore({ format: 'ecs', filter: { rateLimit: { records: count, key: 'pid' } } });
    for (const one of [core, again])
      expect(drain(one, Buffer.concat(Array.from({ length: count }, () => datum))).records).toBe(count);
    expect(drain(again, datum).records).toBe(0);
  });

  test('when there is no place for a key its records pass, and are counted', async () => {
    const core = await loadCore({ format: 'avro', filter: { rateLimit: { records: 1, key: 'pid' } } });
    const PLACES = 16384;
    for (let pid = 0; pid < PLACES * 2; pid += 512)
      drain(core, encode(Array.from({ length: 512 }, (_, index) => acceptOf({ pid: pid + index, event_time: 0 }))));
    const { unlimited, kept: keptRecords, suppressed } = core.totals;
    expect({ keptRecords, suppressed }).toEqual({ keptRecords: PLACES * 2, suppressed: 0 });
    expect(unlimited).toBeGreaterThanOrEqual(PLACES);
    expect(unlimited).toBeLessThan(PLACES * 1.1);
    // Their interval is over: there is room again.
    expect(
      drain(core, encode([acceptOf({ pid: -5, event_time: 1e6 }), acceptOf({ pid: -5, event_time: 1e6 })])).records,
    ).toBe(1);
  });
});
