import { describe, expect, test } from 'vitest';
import { type CoreOptions, loadCore, type Zone } from '../../filter-core/index.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { drain, encode } from './support.js';

const at = (utc: string) => Date.parse(utc) * 1000;

/** The zone's offsets around both changes of a year: [until, offset in hours] in order. */
const windows = (...parts: readonly (readonly [string, number])[]): Zone[] =>
  parts.map(([until, hours], index) => ({
    from: index === 0 ? Number.NEGATIVE_INFINITY : at(parts[index - 1]?.[0] ?? ''),
    until: until === '' ? Number.POSITIVE_INFINITY : at(until),
    offsetSeconds: hours * 3600,
  }));

const BERLIN = windows(['2026-03-29T01:00:00Z', 1], ['2026-10-25T01:00:00Z', 2], ['', 1]);
const SYDNEY = windows(['2026-04-04T16:00:00Z', 11], ['2026-10-03T16:00:00Z', 10], ['', 11]);

/** The column with the local time of accepts at these instants, and the instants the zone was asked for. */
async function clock(zones: readonly Zone[], instants: readonly number[]) {
  const asked: number[] = [];
  const zoneAt = (instant: number): Zone => {
    asked.push(instant);
    const zone = zones.find(({ from, until }) => from <= instant && instant < until);
    if (zone === undefined) throw new Error(`no zone at ${instant}`);
    return zone;
  };
  const core = await loadCore({ format: 'tcpaccept', time: true, zoneAt });
  const { text, records } = drain(core, encode(instants.map((event_time) => acceptOf({ event_time }))));
  expect(records).toBe(instants.length);
  return {
    asked,
    times: text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(0, 9)),
  };
}

describe('daylight saving', () => {
  test.each([
    ['Berlin, in spring', BERLIN, '2026-03-29T01:00:00Z', '01:59:59 ', '03:00:00 '],
    ['Berlin, in autumn', BERLIN, '2026-10-25T01:00:00Z', '02:59:59 ', '02:00:00 '],
    ['Sydney, in autumn', SYDNEY, '2026-04-04T16:00:00Z', '02:59:59 ', '02:00:00 '],
    ['Sydney, in spring', SYDNEY, '2026-10-03T16:00:00Z', '01:59:59 ', '03:00:00 '],
  ])('%s', async (_name, zones, change, before, after) => {
    const instant = at(change);
    const { times, asked } = await clock(zones, [instant - 1, instant, instant - 1_000_000, instant + 999_999]);
    expect(times).toEqual([before, after, before, after]);
    expect(asked).toEqual([instant - 1, instant, instant - 1_000_000, instant + 999_999]);
  });

  test('the zone is asked for once as long as records stay in it', async () => {
    const start = at('2026-07-01T00:00:00Z');
    const { asked } = await clock(
      BERLIN,
      Array.from({ length: 500 }, (_, index) => start + index * 1_000_000),
    );
    expect(asked).toEqual([start]);
  });

  test('a batch that leaves the zone comes in portions, none of them empty', async () => {
    const zoneAt = (instant: number): Zone => ({ from: instant, until: instant + 10, offsetSeconds: 0 });
    const core = await loadCore({ format: 'tcpaccept', time: true, zoneAt });
    const datums = encode([0, 5, 10, 30, 35].map((event_time) => acceptOf({ event_time })));
    core.input.set(datums);
    expect([...core.portions(datums.length)].map(({ records }) => records)).toEqual([2, 1, 2]);
    expect(core.totals.kept).toBe(5);
  });

  test('a record that the filter drops asks for no zone', async () => {
    const zoneAt = (): never => {
      throw new Error('asked');
    };
    const core = await loadCore({ format: 'tcpaccept', time: true, filter: { pid: 1 }, zoneAt });
    expect(drain(core, encode([acceptOf({ pid: 2 })])).records).toBe(0);
  });
});

describe('instants', () => {
  const UTC = windows(['', 0]);

  test.each([
    [0, '00:00:00 '],
    [999_999, '00:00:00 '],
    [86_399_999_999, '23:59:59 '],
    [86_400_000_000, '00:00:00 '],
    [-1, '23:59:59 '],
    [-1_000_000, '23:59:59 '],
    [-1_000_001, '23:59:58 '],
    [-86_400_000_000, '00:00:00 '],
    [-86_400_000_001, '23:59:59 '],
    [2 ** 52 - 1, new Date((2 ** 52 - 1) / 1000).toISOString().slice(11, 19).padEnd(9)],
  ])('%d µs is %s', async (instant, time) => {
    expect((await clock(UTC, [instant])).times).toEqual([time]);
  });

  test.each([
    [-1, '23:59:59 '],
    [-86_399, '00:00:01 '],
    [3_600 * 25, '01:00:00 '],
    [20_700, '05:45:00 '],
    [-12_345, '20:34:15 '],
  ])('an offset of %d s', async (offsetSeconds, time) => {
    const zone = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, offsetSeconds };
    expect((await clock([zone], [0])).times).toEqual([time]);
  });

  test('the longest longs have a time too', async () => {
    const zones = windows(['', 14]);
    const zoneAt = () => zones[0] as Zone;
    const writerSchema = { type: 'record', name: 'Accept', fields: [{ name: 'event_time', type: 'long' }] };
    const core = await loadCore({ format: 'tcpaccept', time: true, zoneAt, writerSchema });
    const largest = Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff), Buffer.of(0x01)]);
    const smallest = Buffer.concat([Buffer.alloc(9, 0xff), Buffer.of(0x01)]);
    // 9223372036854775807 µs are 04:00:54 UTC, and as many before 1970 are 19:59:05.
    const { text } = drain(core, Buffer.concat([largest, smallest]));
    expect(text.split('\n').map((line) => line.slice(0, 9))).toEqual(['18:00:54 ', '09:59:05 ', '']);
  });
});

describe('a zone that can not be', () => {
  test.each<[string, unknown]>([
    ['ends before the instant', { from: -1, until: 0, offsetSeconds: 0 }],
    ['begins behind it', { from: 1, until: 2, offsetSeconds: 0 }],
    ['has no bounds', { offsetSeconds: 0 }],
    ['has half seconds', { from: -1, until: 1, offsetSeconds: 0.5 }],
    ['has no offset', { from: -1, until: 1 }],
    ['is missing', undefined],
  ])('%s', async (_name, zone) => {
    const options = { format: 'tcpaccept', time: true, zoneAt: () => zone } as CoreOptions;
    const core = await loadCore(options);
    expect(() => drain(core, encode([acceptOf({ event_time: 0 })]))).toThrow(
      expect.objectContaining({ code: 'USAGE', operation: 'zoneAt' }),
    );
  });
});
