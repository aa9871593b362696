import { expect, test } from 'vitest';
import { describeUnless, liveReason } from '../support/reasons.js';
import { Burst } from '../workload/burst.js';
import { endTogether, loseNothing } from './live.js';
import { ODD_LINES, TIME } from './odd-lines.js';
import { contiguous, Peer, type PeerProgram, Place, pairsOf, programsWith } from './peer.js';

const COUNT = 100_000;
/** By which a program is found. */
const RING = `${2 ** 19}`;
const program = process.env.ACCEPTSTREAM_TELEGRAF ?? '';
const reason = program ? '' : 'needs Telegraf, which npm run test:peers builds';

const TELEGRAF: PeerProgram = { libraries: '', command: (config) => [program, '--config', config] };

// JSON in place of its own format: what it holds, to the last bit.
const EXACT = {
  'files = ["stdout"]': 'files = ["$OUT"]\n  json_timestamp_units = "1ns"',
  'data_format = "influx"': 'data_format = "json"',
};

function start(place: Place): Peer {
  const files = EXACT['files = ["stdout"]'].replace('$OUT', place.written);
  return new Peer(TELEGRAF, place.config('telegraf.conf', { ...EXACT, 'files = ["stdout"]': files }), place);
}

interface Metric {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly tags: { readonly host: string; readonly cpu: string };
  readonly timestamp: string;
}

/** A metric, its numbers as text, and the record that it was made of. */
function metricOf(line: string): { readonly metric: Metric; readonly record: string } {
  const metric = JSON.parse(line.replace(/:(-?\d+)(?=[,}])/g, ':"#$1"')) as Metric;
  const record = JSON.stringify({ ...metric.fields, host: metric.tags.host, cpu: `#${metric.tags.cpu}` });
  return { metric, record: record.replace(/:"#(-?\d+)"/g, ':$1') };
}

describeUnless(reason, 'Telegraf', () => {
  test('keeps every field of odd records, numbers to the last bit, and the time to the microsecond', async () => {
    const place = new Place();
    place.replayOf(ODD_LINES);
    const peer = start(place);
    const metrics = (await place.lines(ODD_LINES.length, () => peer.said)).map(metricOf);
    // A point has no field without a value.
    const known = ODD_LINES.map((line) => line.replace(/"\w+":null,/g, ''));
    expect(metrics.map(({ record }) => pairsOf(record)).sort()).toEqual(known.map(pairsOf).sort());
    const times = metrics.map(({ metric }) => metric.timestamp);
    expect(times).toContain(`#${BigInt(TIME.seconds) * 1_000_000_000n + BigInt(TIME.micros) * 1000n}`);
    await peer.stop();
  });

  describeUnless(liveReason(), 'and the program', () => {
    test('end together, also when no accept comes', () => endTogether(start, RING));

    test(`lose nothing of ${COUNT} accepts`, { timeout: 300_000 }, () =>
      loseNothing(start, COUNT, (line) => metricOf(line).record),
    );

    test('go on when either is started again: nothing torn, nothing twice', { timeout: 300_000 }, async () => {
      const place = new Place();
      const rate = 2000;
      // Longer than all that follows: it is ended below.
      const burst = await Burst.start({ count: 1000 * rate, rate });
      place.captureOf(['-p', `${burst.pid}`]);
      const first = start(place);
      await place.captures();
      const running = burst.run();
      await place.lines(rate, () => first.said);
      await first.stop();
      const second = start(place);
      await place.captures(2);
      await place.lines(place.writtenLines + rate, () => second.said);
      for (const pid of programsWith(`${burst.pid}`)) process.kill(pid, 'SIGKILL');
      await place.captures(3);
      await place.lines(place.writtenLines + rate / 10, () => second.said);
      burst.kill();
      await running.catch(() => {});
      await second.stop();
      const records = (await place.lines(0)).map((line) => metricOf(line).record);
      expect(contiguous(records).size).toBe(3);
    });
  });
});
