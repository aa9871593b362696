import { expect } from 'vitest';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { contiguous, difference, type Peer, Place, programsWith } from './peer.js';

/** Starts a peer that runs the program, with its configuration and files in that place. */
type Start = (place: Place) => Peer;

/** The peer and the program end together, also when no accept comes; by its ring's size the program is found. */
export async function endTogether(start: Start, ring: string): Promise<void> {
  const place = new Place();
  // A port of nobody.
  place.programOf(['-P', '9', '--ring-bytes', ring]);
  const peer = start(place);
  await place.captures();
  expect(programsWith(ring)).toHaveLength(1);
  await peer.stop();
  await until('the end of the program', () => programsWith(ring).length === 0);
}

/** What the peer writes of that many accepts is what the program printed; `recordOf` finds the record in a line of it. */
export async function loseNothing(start: Start, count: number, recordOf = (line: string) => line): Promise<void> {
  const place = new Place();
  const burst = await Burst.start({ count });
  place.captureOf(['-p', `${burst.pid}`]);
  const peer = start(place);
  await place.captures();
  await burst.run();
  const records = (await place.lines(count, () => peer.said)).map(recordOf);
  expect(difference(records, place.printed)).toBe('');
  expect([...contiguous(records).values()]).toEqual([count]);
  await peer.stop();
}
