import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fluentBitFilter } from '../../filter-core/fluent-bit.js';
import { ROOT } from '../structure/source-files.js';
import { FluentBitHost } from './fluent-bit-host.js';

const LINES = readFileSync(join(ROOT, 'test/fixtures/formats/json.txt'), 'utf8').split('\n').slice(0, -1);
const [LINE = ''] = LINES;
const ENDS = '"remote_address":"10.0.2.2","remote_port":55270,"local_address":"10.0.2.15","local_port":22';
const ID = '1:IXrg9Y06W7zrkqBlE30jpC/mzjo=';
const RECORD_MAX = 262_144;

const plain = await fluentBitFilter();
const host = new FluentBitHost(plain);
const withMember = (record: string, id = ID) => record.replace(/\}(\s*)$/, `,"community_id":"${id}"}$1`);

describe('the module', () => {
  /** The part of binaryen that comes with the compiler. */
  interface Binaryen {
    readonly Features: Readonly<Record<string, number>>;
    readBinary(bytes: Uint8Array): { setFeatures(features: number): void; validate(): number };
  }
  const load = async (): Promise<Binaryen> => {
    // It says there what does not fit.
    for (const way of ['log', 'warn', 'error'] as const) vi.spyOn(console, way).mockReturnValue();
    onTestFinished(() => void vi.restoreAllMocks());
    const { resolve } = createRequire(createRequire(import.meta.url).resolve('assemblyscript/package.json'));
    return (await import(resolve('binaryen'))).default;
  };

  test('has no instruction that the WebAssembly of Fluent Bit has not', async () => {
    const { Features, readBinary } = await load();
    const names = ['MutableGlobals', 'SignExt', 'NontrappingFPToInt', 'BulkMemory', 'BulkMemoryOpt', 'Multivalue'];
    const features = names.reduce((sum, name) => sum | (Features[name] ?? 0), 0);
    const fits = (bytes: Uint8Array) => {
      const module = readBinary(bytes);
      module.setFeatures(features);
      return module.validate() !== 0;
    };
    // (func (drop (v128.const …))) does not fit.
    const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12];
    const withSimd = Uint8Array.from([...simd, ...Array<number>(16).fill(0), 26, 11]);
    expect([plain, await fluentBitFilter({ ports: [80], pid: 1 }), withSimd].map(fits)).toEqual([true, true, false]);
  });

  test('that is shipped has no rules', () => {
    const shipped = readFileSync(createRequire(import.meta.url).resolve('#dist/acceptstream-filter.wasm'));
    const one = new FluentBitHost(shipped);
    for (const line of LINES) expect(one.filter(line)).toEqual(host.filter(line));
    expect(one.filter(LINE)).toEqual({ text: LINE, isSame: true });
  });

  test('takes the same rules to the same bytes', async () => {
    const by = { remoteNets: ['10.0.0.0/8'], ports: [22], rateLimit: { records: 1, key: 'pid' } } as const;
    expect(await fluentBitFilter(by)).toEqual(await fluentBitFilter(by));
    await expect(fluentBitFilter({ ports: [65536] })).rejects.toMatchObject({ operation: 'filter.ports' });
  });

  test('needs no more memory after 100 000 records', { timeout: 60_000 }, () => {
    const one = new FluentBitHost(plain);
    const lines = LINES.map((line, index) => (index % 2 ? line : line.replace(/"1:[^"]*"/, '""')));
    for (let round = 0; round < 100; round++) for (const line of lines) one.filter(line);
    const { memoryBytes } = one;
    for (let round = 0; round < 100_000 / lines.length; round++) for (const line of lines) one.filter(line);
    expect(one.memoryBytes).toBe(memoryBytes);
  });
});

describe('records that are not ours stay as they came', () => {
  test.for([
    '',
    ' ',
    `{${ENDS}`,
    `{${ENDS}}}`,
    `{${ENDS},}`,
    `{${ENDS}} {}`,
    `{${ENDS},"a":nan}`,
    `{${ENDS},"a":01}`,
    `{${ENDS},"a":1.}`,
    `{${ENDS},"a":.5}`,
    `{${ENDS},"a":1e}`,
    `{${ENDS},"a":-}`,
    `{${ENDS},"a":+1}`,
    `{${ENDS},"a":truE}`,
    `{${ENDS},"a":fals}`,
    `{${ENDS},"a":"\\x"}`,
    `{${ENDS},"a":"\\u12g4"}`,
    `{${ENDS},"a":"\u0001"}`,
    `{${ENDS},"a":"}`,
    `{${ENDS},"a":"\\"}`,
    `{${ENDS},a:1}`,
    `{${ENDS},"a" 1}`,
    `{${ENDS},"a":[1,]}`,
    `{${ENDS},"a":{"b":1,}}`,
    `{${ENDS},"a":[1}`,
    `{${ENDS},"a":{"b":1]}`,
    `{${ENDS},"a":{"b"}}`,
    `{${ENDS},"a":[`,
    `{${ENDS} "a":1}`,
    `\ufeff{${ENDS}}`,
    `{${ENDS}}\0`,
    `{"a":"\0",${ENDS}}`,
  ])('no JSON: %s', (record) => {
    expect(host.filter(record)).toEqual({ text: record.split('\0')[0], isSame: true });
    expect(() => JSON.parse(record)).toThrow(SyntaxError);
  });

  test.for([
    '{}',
    '[]',
    'null',
    '"text"',
    `[{${ENDS}}]`,
    `{"a":{${ENDS}}}`,
    `{${ENDS.replace('22', '"22"')}}`,
    `{${ENDS.replace('22', '22.0')}}`,
    `{${ENDS.replace('22', '4294967318')}}`,
    `{${ENDS.replace('22', '-18446744073709551594')}}`,
    `{${ENDS.replace('"10.0.2.2"', '167772674')}}`,
    `{${ENDS.replace('"10.0.2.2"', 'null')}}`,
    `{${ENDS.replace('"remote_port":55270,', '')}}`,
    `{${ENDS},"local_port":null}`,
    // Ours, and no addresses or ports.
    `{${ENDS.replace('10.0.2.2', '10.0.2.256')}}`,
    `{${ENDS.replace('10.0.2.2', 'a\\u0000b')}}`,
    `{${ENDS.replace('22', '65536')}}`,
    `{${ENDS},"community_id":7}`,
    `{${ENDS},"community_id":{"a":""}}`,
    `{${ENDS},"community_id":" "}`,
  ])('%s', (record) => {
    expect(host.filter(record)).toEqual({ text: record, isSame: true });
    JSON.parse(record);
  });

  test('what is longer than any of ours, and what the host had no memory for', () => {
    const long = (bytes: number) => {
      const record = `{${ENDS},"a":""}`;
      return record.replace('""', `"${'x'.repeat(bytes - record.length)}"`);
    };
    const most = long(RECORD_MAX);
    expect(host.filter(most)).toEqual({ text: withMember(most), isSame: false });
    expect(host.filter(long(RECORD_MAX + 1)).isSame).toBe(true);
    expect(host.filterNothing(700)).toBe(0);
    expect(host.filter(`{${ENDS}}`).isSame).toBe(false);
  });
});

describe('records in another writing', () => {
  test.for([
    `{${ENDS}}`,
    ` { ${ENDS.replaceAll(',', ' ,\t').replaceAll('":', '"\n:\r')} } `,
    `{"a":[[],{},[{"b":[1,-0.5e+3,"]",true,false,null]}],{"remote_port":1}],${ENDS}}`,
    `{${ENDS.split(',').reverse().join()}}`,
    `{${ENDS.replace('remote_address', 'remote\\u005Faddress').replace('2.2"', '2.\\u0032"')}}`,
    `{"remote_port":1,"local_address":7,${ENDS}}`,
    `{${ENDS},"":1,"remote_addres":1,"remote_address_":2,"\\"":3,"\\u0000":4,"remote_port\\u0000":5}`,
    `{${ENDS},"a":"\\ud83d\\ude00\\ud83d\\"\\\\/\\b\\f\\n\\r\\t\u2028"}`,
  ])('%s', (record) => {
    const { text } = host.filter(record);
    expect(text).toBe(withMember(record.trimEnd()) + record.slice(record.trimEnd().length));
    expect(JSON.parse(text)).toEqual({ ...JSON.parse(record), community_id: ID });
  });

  test.for([
    ['""', `"${ID}"`],
    ['null', `"${ID}"`],
    ['"1:x","community_id":""', `"1:x","community_id":"${ID}"`],
  ] as const)('community_id %s', ([given, made]) => {
    expect(host.filter(`{"community_id":${given},${ENDS}}`).text).toBe(`{"community_id":${made},${ENDS}}`);
  });

  test('the last of two members counts, as everywhere', async () => {
    const filter = new FluentBitHost(await fluentBitFilter({ ports: [23], comms: ['a\nb'] }));
    const keeps = (members: string) => filter.filter(`{${ENDS},"comm":"a\\nb",${members}}`).text !== '';
    expect(keeps('"local_port":23')).toBe(true);
    expect(keeps('"local_port":23,"local_port":22')).toBe(false);
    expect(keeps('"local_port":23,"comm":"a\\u000Ab"')).toBe(true);
    expect(keeps('"local_port":23,"comm":null')).toBe(false);
    expect(keeps('"local_port":23,"peer_reset":true')).toBe(false);
    expect(keeps('"local_port":23,"peer_reset":"true"')).toBe(true);
  });

  test('unknown and foreign values are what no condition asks for', async () => {
    const keeps = async (by: object, member: string) =>
      new FluentBitHost(await fluentBitFilter(by)).filter(`{${ENDS}${member}}`).text !== '';
    expect(await keeps({ pid: 7 }, ',"pid":7')).toBe(true);
    for (const member of ['', ',"pid":"7"', ',"pid":null', ',"pid":7.0', ',"pid":4294967303', ',"pid":[7]'])
      expect(await keeps({ pid: 7 }, member)).toBe(false);
    expect(await keeps({ uids: [4294967295] }, ',"uid":4294967295')).toBe(true);
    expect(await keeps({ uids: [4294967295] }, ',"uid":-1')).toBe(false);
    expect(await keeps({ uids: [0] }, '')).toBe(false);
    expect(await keeps({ family: 4 }, '')).toBe(false);
    expect(await keeps({ cgroups: ['/'] }, '')).toBe(false);
    expect(await keeps({ containers: ['01234567'] }, ',"container_id":"0123456789"')).toBe(true);
  });

  test("a record without event_time has the host's, one that is null has none", async () => {
    const bytes = await fluentBitFilter({ since: 1_790_000_000_123_456, until: 1_790_000_000_123_457 });
    const filter = new FluentBitHost(bytes);
    const keeps = (member: string, nanoseconds: number) =>
      filter.filter(`{${ENDS}${member}}`, [1_790_000_000, nanoseconds]).text !== '';
    expect([123_455_999, 123_456_000, 123_456_999, 123_457_000].map((time) => keeps('', time))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const iso = new Date(1_790_000_000_123).toISOString().replace('Z', '456Z');
    expect(keeps(`,"event_time":"${iso}"`, 0)).toBe(true);
    expect(keeps(`,"event_time":"${iso.replace('6Z', '7Z')}"`, 123_456_000)).toBe(false);
    expect(keeps(',"event_time":null', 123_456_000)).toBe(false);
    expect(keeps(',"event_time":"yesterday"', 123_456_000)).toBe(true);
  });
});

describe('hostile records', () => {
  test('depth is no recursion', () => {
    const nested = (depth: number, [open, close]: readonly [string, string]) =>
      `{${ENDS},"a":${open.repeat(depth)}1${close.repeat(depth)}}`;
    for (const brackets of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const record = nested(40_000, brackets);
      expect(host.filter(record).text).toBe(withMember(record));
      expect(host.filter(record.replace('1', '[1')).isSame).toBe(true);
    }
    expect(host.filter('['.repeat(RECORD_MAX)).isSame).toBe(true);
    expect(host.filter('{"a":'.repeat(50_000)).isSame).toBe(true);
  });

  /** A record as it came, or one that is whole and differs in nothing but its id. */
  function expectUnbroken(record: Buffer, { text, isSame }: ReturnType<FluentBitHost['filter']>): boolean {
    if (isSame) return false;
    const { community_id: id, ...others } = JSON.parse(text);
    const { community_id: _, ...given } = JSON.parse(record.toString());
    expect(others).toEqual(given);
    expect(id).toMatch(/^1:[A-Za-z0-9+/]{27}=$/);
    return true;
  }

  // At the end of memory too: a look past the record traps there.
  test.for([false, true])('lines with some bytes changed (at the end of memory: %s)', { timeout: 60_000 }, (atEnd) => {
    const one = new FluentBitHost(plain, { atEnd });
    const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('{}[]",:\\u0n-.eE ')));
    const edit = fc.record({
      at: fc.nat({ max: 1000 }),
      remove: fc.nat({ max: 20 }),
      add: fc.array(byte, { maxLength: 4 }),
    });
    let made = 0;
    fc.assert(
      fc.property(fc.constantFrom(...LINES), fc.array(edit, { maxLength: 3 }), (line, edits) => {
        let record = Buffer.from(line.replace(/"1:[^"]*"/, '""'));
        for (const { at, remove, add } of edits)
          record = Buffer.concat([record.subarray(0, at), Buffer.from(add), record.subarray(at + remove)]);
        if (expectUnbroken(record, one.filter(record))) made++;
      }),
      { numRuns: 5000 },
    );
    expect(made).toBeGreaterThan(300);
  });

  test('any JSON among our members', { timeout: 60_000 }, () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('pid', 'comm', 'event_time', '__proto_'));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 5 }), fc.nat({ max: 2 }), (members, indent) => {
        const record = JSON.stringify({ ...Object.fromEntries(members), ...JSON.parse(`{${ENDS}}`) }, null, indent);
        expect(JSON.parse(host.filter(record).text)).toEqual({ ...JSON.parse(record), community_id: ID });
      }),
      { numRuns: 1000 },
    );
  });
});

test('the id needs nothing of the line but its ends', () => {
  const { remote_address, remote_port, local_address, local_port } = JSON.parse(LINE);
  const ends = JSON.stringify({ remote_address, remote_port, local_address, local_port });
  const { text } = host.filter(LINE.replace(/"1:[^"]*"/, '""'));
  expect(JSON.parse(host.filter(ends).text).community_id).toBe(JSON.parse(text).community_id);
});
