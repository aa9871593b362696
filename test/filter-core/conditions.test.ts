import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { kept } from '../reference/filter.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { accept, address, fewOf, filter, nets } from './condition-values.js';
import { drain, encode } from './support.js';

const records = fc.array(accept, { maxLength: 40 });

async function keptByCore(all: readonly Accept[], by: Filter): Promise<string> {
  return drain(await loadCore({ format: 'avro', filter: by }), encode(all)).text;
}

test('any conditions keep what the reference keeps', async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.oneof(filter, fewOf), async (all, by) => {
      expect(await keptByCore(all, by)).toBe(encode(kept(all, by)).toString('latin1'));
    }),
    { numRuns: 1000 },
  );
}, 120_000);

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
      { numRuns: 300 },
    );
  }, 120_000);
});
