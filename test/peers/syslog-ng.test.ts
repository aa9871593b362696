import { expect, onTestFinished, test } from 'vitest';
import { describeUnless, liveReason } from '../support/reasons.js';
import { Burst } from '../workload/burst.js';
import { debianPeer } from './debian.mjs';
import { endTogether, loseNothing } from './live.js';
import { ODD_LINES, TIME } from './odd-lines.js';
import { contiguous, linesOf, Peer, type PeerProgram, Place, pairsOf, programsWith } from './peer.js';

const COUNT = 100_000;
/** By which a program is found. */
const RING = `${2 ** 18}`;
/** Accepts per second while peers and programs come and go. */
const RATE = 5000;
const PEER_MS = 60_000;
const { program, modules, libraries, reason } = await debianPeer(['syslog-ng-core'], 'syslog-ng');

const SYSLOG_NG: PeerProgram = {
  libraries,
  command: (config, folder) => [
    ...[program, '--foreground', '--no-caps', '--cfgfile', config, `--module-path=${modules}`],
    ...['persist-file', 'pidfile', 'control'].map((name) => `--${name}=${folder}/${name}`),
  ],
};

const OUTPUT = '/var/log/accepts.json';

function start(place: Place, replacements: Readonly<Record<string, string>> = {}): Peer {
  return new Peer(SYSLOG_NG, place.config('syslog-ng.conf', { [OUTPUT]: place.written, ...replacements }), place);
}

describeUnless(reason, 'syslog-ng', () => {
  test('keeps every field of odd records, numbers to the last bit', async () => {
    const place = new Place();
    place.replayOf(ODD_LINES);
    const peer = start(place);
    expect((await place.lines(ODD_LINES.length)).map(pairsOf)).toEqual(ODD_LINES.map(pairsOf));
    await peer.stop();
  });

  test('has the time of the accept as that of the message, to the microsecond', async () => {
    const place = new Place();
    place.replayOf(ODD_LINES.slice(0, 1));
    const peer = start(place, { '$(format-json --key .accept.* --shift-levels 2)': '$S_UNIXTIME $S_USEC' });
    expect(await place.lines(1)).toEqual([`${TIME.seconds} ${TIME.micros}`]);
    await peer.stop();
  });

  describeUnless(liveReason(), 'and the program', () => {
    test('end together, also when no accept comes', () => endTogether(start, RING));

    test(`lose nothing of ${COUNT} accepts`, { timeout: 5 * PEER_MS }, () => loseNothing(start, COUNT));

    test('go on when either is started again: no line torn, none twice, none missing before the last', {
      timeout: 5 * PEER_MS,
    }, async () => {
      const place = new Place();
      // Longer than all that follows: it is ended below.
      const burst = await Burst.start({ count: 1000 * RATE, rate: RATE });
      onTestFinished(() => burst.kill());
      place.captureOf(['-p', `${burst.pid}`]);
      const first = start(place);
      await place.captures();
      const running = burst.run();
      await place.lines(RATE, () => first.said);
      await first.stop();
      const second = start(place);
      await place.captures(2);
      await place.lines(place.writtenLines + RATE, () => second.said);
      for (const pid of programsWith(`${burst.pid}`)) process.kill(pid, 'SIGKILL');
      await place.captures(3);
      const before = place.writtenLines;
      await place.lines(before + RATE / 10, () => second.said);
      burst.kill();
      await running.catch(() => {});
      await second.stop();
      const lines = linesOf(place.written);
      const counts = [...contiguous(lines).values()];
      expect(counts).toHaveLength(3);
      const printed = new Set(place.printed.map(pairsOf));
      const foreign = lines.filter((line) => !printed.has(pairsOf(line)));
      expect([foreign.length, foreign[0]]).toEqual([0, undefined]);
    });
  });
});
