import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CoreOptions, loadCore, type TextFormat } from '../../filter-core/index.js';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import * as reference from '../reference/formats.js';
import { wideRows } from '../reference/wide.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, textOf, typeOf, zoneAt } from './support.js';

const OBJECTS = { ecs: reference.ecs, ocsf: reference.ocsf, otel: reference.otel };
type ObjectFormat = keyof typeof OBJECTS;
const NAMES = Object.keys(OBJECTS) as ObjectFormat[];

const utf8 = (text: string) => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));

const lines = (text: string): unknown[] => {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
};

async function shown(format: TextFormat, records: readonly Accept[], options: Partial<CoreOptions> = {}) {
  return utf8(drain(await loadCore({ format, ...options }), encode(records)).text);
}

const UNLABELLED = { cgroup_path: '', exe: '', container_id: '', entity_id: '', user_name: '', community_id: '' };

const NUMBERS = ACCEPT_FIELDS.flatMap(({ name, kind }) => (kind === 'int' || kind === 'long' ? [name] : []));

/** Records as they occur and hostile ones; unknown numbers, empty texts and every kind of address often. */
const address = fc.oneof(
  fc.constantFrom(
    '',
    '127.0.0.1',
    '::1',
    '::ffff:127.9.9.9',
    '::ffff:192.0.2.7',
    '127.',
    '::ffff:1',
    '::ffff:1.2.3.4a',
    '::ffff:1.2.3.4.5',
    '01.2.3.4',
    'fe80::1%eth0',
    'db1.example',
    '0000:0000:0000:0000:0000:0000:255.255.255.255',
  ),
  anyAccept.map(({ remote_address }) => remote_address),
);
const record = fc
  .tuple(anyAccept, address, address, fc.subarray(NUMBERS))
  .chain(([any, remote_address, local_address, unknown]) =>
    fc.boolean().map(
      (empty): Accept => ({
        ...any,
        remote_address,
        local_address,
        ...Object.fromEntries(unknown.map((name) => [name, -1])),
        ...(empty && { host: '', host_id: '', capture_id: '', comm: '', process_start: -1, ...UNLABELLED }),
      }),
    ),
  );

describe.each(NAMES)('%s', (format) => {
  test('any records are what plain TypeScript makes of them, a line each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), async (records) => {
        expect(lines(await shown(format, records))).toEqual(records.map(OBJECTS[format]));
      }),
      { numRuns: 300 },
    );
  });

  test('a record of another writer says what that writer knew, and nothing more', async () => {
    const writerSchema = recordOf(['pid', 'int'], ['remote_address', 'string']);
    const datum = typeOf(writerSchema).toBuffer({ pid: 7, remote_address: '::ffff:192.0.2.7' });
    const text = await textOf(datum, { format, writerSchema });
    expect(text).toContain('192.0.2.7');
    expect(text).not.toMatch(/ffff|-1|""|\{\}|,[}\]]/);
    expect(() => JSON.parse(text)).not.toThrow();
  });

  test('bytes that are no UTF-8 become U+FFFD', async () => {
    const writerSchema = recordOf(['comm', 'bytes'], ['local_address', 'bytes']);
    const datum = typeOf(writerSchema).toBuffer({ comm: Buffer.of(0xff, 0x22), local_address: Buffer.of(0xc3) });
    expect(utf8(await textOf(datum, { format, writerSchema }))).toContain('"\ufffd\\""');
  });

  test('the longest record that a capture can make fits, whatever the names in it', async () => {
    for (const byte of ['\u0001', '\ufffd', '"', 'x']) {
      const names = { comm: byte.repeat(15), host: byte.repeat(64), user_name: byte.repeat(256) };
      const places = { exe: byte.repeat(1034), cgroup_path: byte.repeat(1024), cgroup: byte.repeat(255) };
      const longest = acceptOf({ ...names, ...places });
      expect(lines(await shown(format, [longest]))).toEqual([OBJECTS[format](longest)]);
    }
  });

  test('its longest lines fit, and a datum that could overflow the output is refused with its offset', async () => {
    const core = await loadCore({ format });
    const control = (bytes: number) =>
      acceptOf({ remote_address: '\u0001'.repeat(bytes), capture_id: '\u0002'.repeat(10) });
    const [first] = lines(utf8(drain(core, encode([control(20_000)])).text)) as Record<string, unknown>[];
    expect(first).toEqual(OBJECTS[format](control(20_000)));
    const [good, huge] = [encode([control(9)]), encode([control(33_000)])];
    core.input.set(Buffer.concat([good, huge]));
    expect(() => [...core.portions(good.length + huge.length)]).toThrow(
      new RegExp(`^record too long at byte ${good.length}: format ${format} takes records of up to \\d{5} bytes`),
    );
  });
});

describe('addresses', () => {
  test.each<[string, Partial<Accept>, string, number]>([
    ['IPv4', { remote_address: '192.0.2.7' }, 'ipv4', 1],
    ['IPv6', { ip_version: 6, remote_address: '2001:db8::7' }, 'ipv6', 1],
    ['a mapped one is IPv4', { ip_version: 6, remote_address: '::ffff:192.0.2.7' }, 'ipv4', 1],
    ['loopback', { remote_address: '127.0.0.2' }, 'ipv4', 4],
    ['loopback, mapped', { ip_version: 6, remote_address: '::ffff:127.0.0.1' }, 'ipv4', 4],
    ['loopback of IPv6', { ip_version: 6, remote_address: '::1' }, 'ipv6', 4],
    ['the same on both sides', { remote_address: '192.0.2.1', local_address: '192.0.2.1' }, 'ipv4', 4],
    ['only like loopback', { ip_version: 6, remote_address: '::1:2' }, 'ipv6', 1],
  ])('%s', async (_name, fields, type, direction) => {
    const plain = fields.remote_address?.replace('::ffff:', '');
    const [ecs] = lines(await shown('ecs', [acceptOf(fields)]));
    expect(ecs).toMatchObject({
      source: { ip: plain },
      network: { type },
      related: { ip: plain === '192.0.2.1' ? [plain] : [plain, '192.0.2.1'] },
    });
    const [ocsf] = lines(await shown('ocsf', [acceptOf(fields)]));
    const protocol_ver_id = Number(type.slice(3));
    expect(ocsf).toMatchObject({
      src_endpoint: { ip: plain },
      connection_info: { direction_id: direction, protocol_ver_id },
    });
    const otel = await shown('otel', [acceptOf(fields)]);
    expect(otel).toContain(`"client.address","value":{"stringValue":"${plain}"}`);
    for (const format of ['json', 'wide', 'tcpaccept'] as const)
      expect(await shown(format, [acceptOf(fields)])).toContain(fields.remote_address);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1', ['192.0.2.1']],
    ['::ffff:192.0.2.1', '192.0.2.1', ['192.0.2.1']],
    ['192.0.2.1', '::ffff:192.0.2.1', ['192.0.2.1']],
    ['::1', '::1', ['::1']],
    ['192.0.2.1', '192.0.2.10', ['192.0.2.1', '192.0.2.10']],
    ['192.0.2.10', '192.0.2.1', ['192.0.2.10', '192.0.2.1']],
    ['db1', 'db1', undefined],
    ['', '::1', ['::1']],
  ])('%j and %j in related.ip, each once', async (remote_address, local_address, ip) => {
    const [line] = lines(await shown('ecs', [acceptOf({ remote_address, local_address })]));
    expect((line as { related: { ip?: string[] } }).related.ip).toEqual(ip);
  });
});

describe('numbers are exact', () => {
  const EDGES = [
    0,
    9,
    10,
    99_999_999,
    100_000_000,
    4_294_967_295,
    4_294_967_296,
    9_999_999_999_999_999n,
    2n ** 63n - 1n,
    -2,
    -(2n ** 63n),
  ];
  test.each(EDGES)('%s', async (number) => {
    const zigzag = BigInt.asUintN(64, (BigInt(number) << 1n) ^ (BigInt(number) >> 63n));
    const bytes: number[] = [];
    for (let rest = zigzag; bytes.length === 0 || rest > 0n; rest >>= 7n)
      bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    const writerSchema = recordOf(['netns', 'long']);
    const text = (format: TextFormat) => textOf(Uint8Array.from(bytes), { format, writerSchema });
    for (const format of ['json', 'ecs', 'ocsf'] as const)
      expect(await text(format)).toContain(`"netns":${number},`.slice(0, -1));
    expect(await text('otel')).toContain(`"acceptstream.netns","value":{"intValue":"${number}"}`);
    expect(await text('wide')).toMatch(new RegExp(` ${number} +-/- `));
  });
});

describe('wide', () => {
  test('any records are the rows of plain TypeScript, with any columns', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        async (records, time, timestamp) => {
          const offsetAt = (instant: number) => zoneAt(instant).offsetSeconds;
          const text = wideRows(records, { timestamp, ...(time && { offsetAt }) });
          expect(await shown('wide', records, { time, timestamp, zoneAt })).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  // What ends a line elsewhere, or turns the rest of it round: an editor or a terminal would show other rows than there are.
  const STEERING = [0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e];
  const ISOLATES = [0x2066, 0x2067, 0x2068, 0x2069];
  const NEIGHBOURS = [0x061b, 0x061d, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065, 0x206a, 0x208e, 0x20a8, 0xe28e, 0x1f80e];

  test.each([...STEERING, ...ISOLATES])(
    'character %i becomes one ?, and is in the rows of tcpaccept as it was',
    async (code) => {
      const comm = `a${String.fromCodePoint(code)}b`;
      expect(await shown('wide', [acceptOf({ comm })])).toContain(' a?b ');
      expect(await shown('tcpaccept', [acceptOf({ comm })])).toContain(` ${comm} `);
    },
  );

  test.each(NEIGHBOURS)('character %i stays', async (code) => {
    const comm = `a${String.fromCodePoint(code)}b`;
    expect(await shown('wide', [acceptOf({ comm })])).toContain(` ${comm} `);
  });

  test('columns stand below their names, with the widest values too', async () => {
    const widest = acceptOf({
      pid: 4_194_304,
      comm: 'http-nio-8080-A',
      ip_version: 6,
      remote_address: '2001:db8:1111:2222:3333:4444:5555:6666',
      remote_port: 65535,
      local_address: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
      local_port: 65535,
      netns: 4_026_531_840,
      backlog: 65535,
      backlog_max: 65535,
    });
    const core = await loadCore({ format: 'wide', time: true, timestamp: true, zoneAt });
    const header = Buffer.from(core.header).toString();
    const starts = [...header.matchAll(/\S+/g)].map(({ index }) => index);
    for (const accept of [widest, acceptOf({ comm: 'sshd', netns: -1, backlog: -1, backlog_max: -1, queued_us: -1 })]) {
      const row = utf8(drain(core, encode([accept])).text);
      expect([...row.matchAll(/\S+/g)].map(({ index }) => index)).toEqual(starts);
    }
  });
});

describe('output that is full', () => {
  // Small datums and large lines: the output is full many times before the input is read, at another place each time.
  const writerSchema = recordOf(['pid', 'int'], ['comm', 'string']);
  const type = typeOf(writerSchema);

  test.each<TextFormat>(['wide', 'json', 'ecs', 'ocsf', 'otel'])('%s goes on with the next record', async (format) => {
    const records = Array.from({ length: 4000 }, (_, pid) => ({ pid, comm: 'x'.repeat(pid % 97) }));
    const core = await loadCore({ format, writerSchema });
    const bytes = encode(records, type);
    core.input.set(bytes);
    const portions = Array.from(core.portions(bytes.length), (portion) => Buffer.from(portion.bytes).toString());
    expect(portions.length).toBeGreaterThan(1);
    for (const text of portions) expect(text.endsWith('\n')).toBe(true);
    const single = await loadCore({ format, writerSchema });
    const each = records.map((one) => drain(single, encode([one], type)).text).join('');
    expect(portions.join('') === each).toBe(true);
    expect(core.totals).toMatchObject({ received: 4000, kept: 4000, malformed: 0 });
  });
});
