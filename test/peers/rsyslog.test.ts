import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { debianPeer } from './debian.mjs';
import { ODD_LINES, TIME } from './odd-lines.js';
import { contiguous, difference, linesOf, Peer, type PeerProgram, Place, pairsOf } from './peer.js';

const COUNT = 100_000;
/** Accepts per second while peers and programs come and go. */
const RATE = 10_000;
const PEER_MS = 60_000;
const { program, modules, libraries, reason } = await debianPeer(['rsyslog'], 'rsyslogd');

const RSYSLOG: PeerProgram = {
  libraries,
  command: (config, folder) => [program, '-n', '-f', config, '-i', join(folder, 'pid'), '-M', modules],
};

const inputOf = (place: Place) => join(place.folder, 'accepts.json');

function start(place: Place, replacements: Readonly<Record<string, string>> = {}): Peer {
  const paths = {
    '/var/log/acceptstream/accepts.json': inputOf(place),
    '/var/spool/rsyslog': place.folder,
    '/var/log/accepts.json': place.written,
  };
  return new Peer(RSYSLOG, place.config('rsyslog.conf', { ...paths, ...replacements }), place);
}

/** The program as the unit has it: stdout appended to the file. */
async function capture(place: Place, pid: number): Promise<Program> {
  const file = openSync(inputOf(place), 'a');
  const own = ['--format', 'json', '--log-level', 'info', '--ring-bytes', '134217728', '-p', `${pid}`];
  const started = new Program(own, { stdout: file });
  closeSync(file);
  onTestFinished(() => started.signal('SIGKILL'));
  await until(
    () => started.stderr,
    () => started.stderr.includes('live by '),
  );
  return started;
}

const isWhole = (line: string): boolean => {
  try {
    return JSON.parse(line) !== null;
  } catch {
    return false;
  }
};

describeUnless(reason, 'rsyslog', () => {
  test('keeps every field of odd records, numbers to the last bit', async () => {
    const place = new Place();
    writeFileSync(inputOf(place), ODD_LINES.map((line) => `${line}\n`).join(''));
    const peer = start(place);
    expect((await place.lines(ODD_LINES.length, () => peer.said)).map(pairsOf)).toEqual(ODD_LINES.map(pairsOf));
    await peer.stop();
  });

  test('has the time of the accept, to the microsecond', async () => {
    const place = new Place();
    writeFileSync(inputOf(place), `${ODD_LINES[0]}\n`);
    const peer = start(place, { '"$!all-json-plain"': '"$!event_time"' });
    expect(await place.lines(1, () => peer.said)).toEqual([TIME.text]);
    await peer.stop();
  });

  describeUnless(liveReason(), 'and the program', () => {
    test(`lose nothing of ${COUNT} accepts while rsyslog is started again`, { timeout: 5 * PEER_MS }, async () => {
      const place = new Place();
      const burst = await Burst.start({ count: COUNT, rate: RATE });
      onTestFinished(() => burst.kill());
      const first = await capture(place, burst.pid);
      const before = start(place);
      const running = burst.run();
      await place.lines(RATE, () => before.said);
      await before.stop();
      const after = start(place);
      await running;
      const lines = await place.lines(COUNT, () => after.said);
      expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      await after.stop();
      expect(difference(lines, linesOf(inputOf(place)))).toBe('');
      expect([...contiguous(lines).values()]).toEqual([COUNT]);
    });

    test('go on when the program is killed and started again: no line torn, none twice', {
      timeout: 5 * PEER_MS,
    }, async () => {
      const place = new Place();
      // Longer than all that follows: it is ended below.
      const burst = await Burst.start({ count: 1000 * RATE, rate: RATE });
      onTestFinished(() => burst.kill());
      const first = await capture(place, burst.pid);
      const peer = start(place);
      const running = burst.run();
      await place.lines(RATE, () => peer.said);
      await first.stop('SIGKILL');
      const second = await capture(place, burst.pid);
      await place.lines(place.writtenLines + 2 * RATE, () => peer.said);
      burst.kill();
      await running.catch(() => {});
      await second.stop('SIGTERM');
      const whole = linesOf(inputOf(place)).filter(isWhole);
      const lines = await place.lines(whole.length, () => peer.said);
      await peer.stop();
      expect(difference(lines, whole)).toBe('');
      expect(new Set(lines.map((line) => JSON.parse(line).capture_id)).size).toBe(2);
    });
  });
});
