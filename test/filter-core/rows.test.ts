import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CoreOptions, loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import * as reference from '../reference/tcpaccept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, textOf, typeOf, zoneAt } from './support.js';

const LATIN = (text: string) => Buffer.from(text).toString('latin1');

const FORMS: readonly [string, Pick<CoreOptions, 'time' | 'timestamp' | 'zoneAt'>][] = [
  ['no option', {}],
  ['-t', { timestamp: true }],
  ['-T', { time: true, zoneAt }],
  ['-t and -T', { time: true, timestamp: true, zoneAt }],
];

const columnsOf = ({ time, timestamp }: Pick<CoreOptions, 'time' | 'timestamp'>): reference.Columns => ({
  ...(time && { offsetAt: (instant: number) => zoneAt(instant).offsetSeconds }),
  ...(timestamp && { timestamp }),
});

describe.each(FORMS)('with %s', (_name, form) => {
  test('any records give the rows of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAccept, { maxLength: 8 }), async (records) => {
        const core = await loadCore({ format: 'tcpaccept', ...form });
        expect(drain(core, encode(records))).toEqual({
          text: LATIN(reference.rows(records, columnsOf(form))),
          records: records.length,
        });
      }),
      { numRuns: 250 },
    );
  });

  test('the header has the columns of the rows', async () => {
    const core = await loadCore({ format: 'tcpaccept', ...form });
    expect(Buffer.from(core.header).toString()).toBe(reference.header(columnsOf(form)));
  });
});

describe('cells', () => {
  const row = async (fields: Partial<Accept>) => textOf(encode([acceptOf({ comm: 'srv', ...fields })]));
  const ENDS = '4  192.0.2.7        32324 192.0.2.1        22   \n';

  test.each([
    [0, '0       srv'],
    [4194304, '4194304 srv'],
    [12345678, '12345678 srv'],
    [2147483647, '2147483647 srv'],
    [-1, '-1      srv'],
    [-2147483648, '-2147483648 srv'],
  ])('pid %d', async (pid, start) => {
    expect(await row({ pid })).toBe(`${start}          ${ENDS}`);
  });

  test.each([
    [
      'a dual-stack listener',
      { ip_version: 6, remote_address: '::ffff:10.1.2.3', local_address: '1234:ab12:2040:5020:2299:0:5:0' },
      '6  ::ffff:10.1.2.3  32324 1234:ab12:2040:5020:2299:0:5:0 22   \n',
    ],
    [
      'addresses of 16 and 17 bytes',
      { remote_address: '2001:db8::abcd:1', local_address: '2001:db8::abcd:12' },
      '4  2001:db8::abcd:1 32324 2001:db8::abcd:12 22   \n',
    ],
    ['a reset', { peer_reset: true }, '4  192.0.2.7        32324 192.0.2.1        0    \n'],
    [
      'ports at their limits',
      { remote_port: 0, local_port: 65535 },
      '4  192.0.2.7        0     192.0.2.1        65535\n',
    ],
    [
      'overlong numbers',
      { ip_version: 123, remote_port: 1234567, local_port: -2147483648 },
      '123 192.0.2.7        1234567 192.0.2.1        -2147483648\n',
    ],
    [
      'hostile addresses',
      { remote_address: '1\n2\x1b', local_address: 'é\u0085\ufffd' },
      '4  1?2?             32324 é??             22   \n',
    ],
    [
      'empty addresses',
      { remote_address: '', local_address: '' },
      '4                   32324                  22   \n',
    ],
  ] as [string, Partial<Accept>, string][])('%s', async (_name, fields, end) => {
    expect(await row(fields)).toBe(LATIN(`907     srv          ${end}`));
  });
});

describe('COMM', () => {
  test.each([
    ['nginx', 'nginx       '],
    ['', '            '],
    ['twelve-chars', 'twelve-chars'],
    ['fifteen-chars-1', 'fifteen-char'],
    ['café-srv', 'café-srv   '],
    ['abcdefghijkéz', 'abcdefghijk?'],
    ['abcdefghij\u20acz', 'abcdefghij? '],
    ['abcdefghi\u20acz', 'abcdefghi\u20ac'],
    ['\u{1f600}\u{1f600}\u{1f600}x', '\u{1f600}\u{1f600}\u{1f600}'],
    ['ab\u{1f600}\u{1f600}\u{1f600}x', 'ab\u{1f600}\u{1f600}? '],
    ['bad\ufffd\ufffdutf', 'bad??utf    '],
    ['\ufffd'.repeat(15), '????????????'],
    ['abcdefghijk\ufffdz', 'abcdefghijk?'],
    ['\u0001\u001f\u007f\u0080\u009f\u00a0', '?????\u00a0     '],
    ['nl\nx\u0000', 'nl?x?       '],
    ['100%s%d', '100%s%d     '],
  ])('%j is printed as %j', async (comm, cell) => {
    const text = Buffer.from(await textOf(encode([acceptOf({ comm })])), 'latin1').toString();
    expect(text.split('4  192.')[0]).toBe(`907     ${cell} `);
    expect(Buffer.byteLength(cell)).toBe(12);
  });

  // A foreign writer may put bytes into a string that are no UTF-8.
  const bytes = recordOf(['comm', 'bytes'], ['remote_address', 'bytes'], ['local_address', 'bytes']);
  const raw = typeOf(bytes);

  test.each([
    ['62ffc2', 'b??'],
    ['c0af', '??'],
    ['eda080', '???'],
    ['e080af', '???'],
    ['f08080af', '????'],
    ['f4908080', '????'],
    ['f5808080', '????'],
    ['e282', '??'],
    ['f09f9841', '???A'],
    ['c3', '?'],
    ['efbfbf', '\uffff'],
    ['f48fbfbf', '\u{10ffff}'],
    ['ee8080', '\ue000'],
    ['ed9fbf', '\ud7ff'],
  ])('bytes %s are printed as %j', async (hex, text) => {
    const comm = Buffer.from(hex, 'hex');
    const none = Buffer.alloc(0);
    const printed = await textOf(raw.toBuffer({ comm, remote_address: none, local_address: comm }), {
      writerSchema: bytes,
    });
    const cell = text + ' '.repeat(12 - Buffer.byteLength(text));
    expect(Buffer.from(printed, 'latin1').toString()).toBe(
      `-1      ${cell} -1 ${' '.repeat(16)} -1    ${cell}     -1   \n`,
    );
  });

  test('no bytes make more than a line, control characters, or bytes that are no UTF-8', async () => {
    const any = fc
      .oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc
          .array(fc.constantFrom(0xc2, 0x80, 0xbf, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0xef, 0xbd, 0x0a, 0x61), {
            maxLength: 40,
          })
          .map((list) => Uint8Array.from(list)),
      )
      .map((list) => Buffer.from(list));
    await fc.assert(
      fc.asyncProperty(any, any, any, async (comm, remote_address, local_address) => {
        const text = await textOf(raw.toBuffer({ comm, remote_address, local_address }), { writerSchema: bytes });
        const line = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
        expect(line).toMatch(/^[^\p{Cc}\ufffd]*\n$/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe('TIME(s)', () => {
  const schema = recordOf(['monotonic_us', 'long']);
  const type = typeOf(schema);
  const MICROSECONDS = [
    ...[0, 1, 499, 500, 501, 4500, 62_500, 187_500, 312_500, 437_500, 999_499, 999_500, 999_999, 1e6, 2500, 3500],
    ...[9_999_999, 99_999_999_500, 123_456_788_000_500, 2 ** 45 + 500, 2 ** 50 - 500],
  ];

  /** TIME(s) of records so many microseconds after the first. */
  async function printed(microseconds: readonly number[]): Promise<string[]> {
    const records = [0, ...microseconds].map((monotonic_us) => ({ monotonic_us }));
    const options = { writerSchema: schema };
    const rest = await textOf(encode(records.slice(1), type), options);
    const text = await textOf(encode(records, type), { ...options, timestamp: true });
    const [row = ''] = rest.split('\n');
    const lines = text.split('\n').slice(1, -1);
    expect(lines.map((line) => line.slice(-row.length))).toEqual(rest.split('\n').slice(0, -1));
    return lines.map((line) => line.slice(0, -row.length).trimEnd());
  }

  test('is printf of the quotient, exact ties to even', async () => {
    expect(await printed([500, 499, 4500, 999_500, 62_500, 187_500, -500, -400])).toEqual([
      '0.001',
      '0.000',
      '0.004',
      '1.000',
      '0.062',
      '0.188',
      '-0.001',
      '-0.000',
    ]);
  });

  test('is as the reference says, also where a double has no room for the microseconds', async () => {
    const list = [...MICROSECONDS, ...MICROSECONDS.map((value) => -value)];
    expect(await printed(list)).toEqual(list.map((value) => reference.seconds(value)));
  });

  const awk = spawnSync('awk', ['BEGIN { printf "%.3f", 4500 / 1e6 }'], { encoding: 'utf8' }).stdout;

  test.skipIf(awk === '' || awk === undefined)('is what printf of the C library says (needs awk)', () => {
    const values = [...MICROSECONDS, ...Array.from({ length: 5000 }, (_, index) => (index * 7919 * 500) % 2 ** 45)];
    const input = values.map((value) => `${value}\n`).join('');
    const { stdout } = spawnSync('awk', ['{ printf "%.3f\\n", $1 / 1e6 }'], { input, encoding: 'utf8' });
    expect(values.map((value) => reference.seconds(value))).toEqual(stdout.trimEnd().split('\n'));
  });

  test('counts from the first record that is printed, over batches', async () => {
    const core = await loadCore({ format: 'tcpaccept', timestamp: true, filter: { pid: 7 } });
    const times = (batch: Partial<Accept>[]) =>
      drain(core, encode(batch.map(acceptOf)))
        .text.split('\n')
        .map((line) => line.slice(0, 9).trimEnd());
    expect(times([{ pid: 1, monotonic_us: 0 }])).toEqual(['']);
    expect(
      times([
        { pid: 1, monotonic_us: 5 },
        { pid: 7, monotonic_us: 3_000_000 },
      ]),
    ).toEqual(['0.000', '']);
    expect(
      times([
        { pid: 7, monotonic_us: 2_998_000 },
        { pid: 7, monotonic_us: 4_500_000 },
      ]),
    ).toEqual(['-0.002', '1.500', '']);
  });
});
