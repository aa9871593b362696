import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Zone } from '../../filter-core/index.js';

/** Zones as TZ names them, and instants in them; the two hours around each are looked at closely. */
const ZONES: readonly (readonly [string, readonly string[]])[] = [
  ['UTC', ['2026-03-29T01:00:00Z']],
  ['Europe/Berlin', ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-07-01T12:00:00Z']],
  ['America/New_York', ['2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z', '1969-12-31T23:59:59Z']],
  ['America/St_Johns', ['2006-10-29T02:31:00Z', '2026-03-08T05:30:00Z']],
  ['Australia/Lord_Howe', ['2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z']],
  ['Asia/Kathmandu', ['1985-12-31T18:30:00Z', '2026-01-01T00:00:00Z']],
  ['Pacific/Apia', ['2011-12-30T10:00:00Z']],
  ['Africa/Casablanca', ['2026-02-15T02:00:00Z', '2026-03-22T02:00:00Z']],
  ['Africa/Monrovia', ['1972-01-07T00:44:30Z']],
  ['EST5EDT,M3.2.0,M11.1.0', ['2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z']],
  ['<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45', ['2026-04-04T14:00:00Z', '2026-09-26T14:00:00Z']],
  ['<-03>3', ['2026-01-01T00:00:00Z']],
  ['No/Such_Zone', ['2026-03-29T01:00:00Z']],
];

const OFFSETS_S = [-86_401, -3600, -1, 0, 1, 1799, 3599, 7200, 86_400];
const DAY_S = 86_400;

const instantsOf = (times: readonly string[]) =>
  times.flatMap((time) => OFFSETS_S.map((offset) => Date.parse(time) / 1000 + offset));

/** What zoneAt answers in a process of that zone. */
function zonesAt(tz: string, seconds: readonly number[]): Zone[] {
  const script = `
    import { zoneAt } from './dist/source-plugin/zone.js';
    const seconds = JSON.parse(process.argv[1]);
    console.log(JSON.stringify(seconds.map((second) => zoneAt(second * 1e6 + 999_999))));`;
  const args = ['--input-type=module', '--eval', script, JSON.stringify(seconds)];
  return JSON.parse(execFileSync(process.execPath, args, { env: { ...process.env, TZ: tz }, encoding: 'utf8' }));
}

/** Seconds east of UTC, as date(1) says. */
function offsetsOf(tz: string, seconds: readonly number[]): number[] {
  const input = seconds.map((second) => `@${second}\n`).join('');
  const env = { ...process.env, TZ: tz, LC_ALL: 'C' };
  const output = execFileSync('date', ['-f', '-', '+%::z'], { env, input, encoding: 'utf8' });
  return output
    .trimEnd()
    .split('\n')
    .map((text) => {
      const [hours = 0, minutes = 0, rest = 0] = text.slice(1).split(':').map(Number);
      return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + rest);
    });
}

describe.for(ZONES)('TZ=%s', ([tz, times]) => {
  const seconds = instantsOf(times);
  const zones = zonesAt(tz, seconds);

  test('the offset is that of date', () => {
    expect(zones.map((zone) => zone.offsetSeconds)).toEqual(offsetsOf(tz, seconds));
  });

  test('the window holds the instant and is at most a day to either side', () => {
    zones.forEach(({ from, until }, index) => {
      const instant = (seconds[index] ?? 0) * 1e6 + 999_999;
      expect(from).toBeLessThanOrEqual(instant);
      expect(until).toBeGreaterThan(instant);
      expect(from).toBeGreaterThanOrEqual(instant - (DAY_S + 1) * 1e6);
      expect(until).toBeLessThanOrEqual(instant + (DAY_S + 1) * 1e6);
    });
  });

  test('the offset holds throughout the window, and where it ends early another one begins', () => {
    const edges = zones.map(({ from, until }) => [from / 1e6, until / 1e6 - 1]);
    const inside = zones.flatMap(({ offsetSeconds }) => [offsetSeconds, offsetSeconds]);
    expect(offsetsOf(tz, edges.flat())).toEqual(inside);
    const early = zones.flatMap(({ from, until, offsetSeconds }, index) => {
      const second = seconds[index] ?? 0;
      const outside = [
        ...(second - from / 1e6 < DAY_S ? [from / 1e6 - 1] : []),
        ...(until / 1e6 - 1 - second < DAY_S ? [until / 1e6] : []),
      ];
      return outside.map((instant) => ({ instant, offsetSeconds }));
    });
    if (early.length === 0) return;
    const other = offsetsOf(
      tz,
      early.map(({ instant }) => instant),
    );
    for (const [index, offset] of other.entries()) expect(offset).not.toBe(early[index]?.offsetSeconds);
  });
});

test('changes of the offset were among what was looked at', () => {
  const changing = ZONES.filter(([tz, times]) => new Set(offsetsOf(tz, instantsOf(times))).size > 1);
  expect(changing.length).toBeGreaterThanOrEqual(9);
});
