import { expect, test } from 'vitest';
import { AcceptstreamError, decodeAccepts, openLive } from '../../source-plugin/index.js';
import type { Live } from '../support/observer.js';
import { describeHooks } from '../support/reasons.js';
import { Burst } from '../workload/burst.js';

const RING_BYTES = 65_536;
const BUFFER_BYTES = 1 << 20;
/** Takes the longest datum, and not a hundred ordinary ones. */
const SMALL_BYTES = 12_288;

describeHooks('the ring as a log', (hook) => {
  /** A capture of one process that has made `count` accepts, none of them read yet. */
  async function withAccepts(count: number, body: (live: Live, burst: Burst) => void | Promise<void>): Promise<void> {
    const burst = await Burst.start({ count });
    const live = openLive({ hook, pid: burst.pid, ringBytes: RING_BYTES });
    try {
      await burst.run();
      await body(live, burst);
    } finally {
      live.close();
    }
  }

  function readAll(live: Live, bufferBytes = BUFFER_BYTES): Buffer {
    const buffer = new Uint8Array(bufferBytes);
    const parts: Buffer[] = [];
    for (;;) {
      const { bytes, records } = live.read(buffer);
      if (records === 0) return Buffer.concat(parts);
      parts.push(Buffer.from(buffer.subarray(0, bytes)));
    }
  }

  const sequences = (bytes: Uint8Array) => decodeAccepts(bytes).map((record) => record.sequence);
  const ringError = (message: RegExp) =>
    expect.objectContaining({ code: 'RING', message: expect.stringMatching(message) });

  test('seek reads the same bytes again, and a read that has no more gives none', async () => {
    await withAccepts(50, (live) => {
      const start = live.position();
      const first = readAll(live);
      expect(sequences(first)).toHaveLength(50);
      live.seek(start);
      expect(live.position()).toBe(start);
      expect(readAll(live).equals(first)).toBe(true);
      expect(live.read(new Uint8Array(BUFFER_BYTES))).toMatchObject({ bytes: 0, records: 0 });
    });
  });

  test('a small buffer takes whole datums, and the parts make the whole', async () => {
    await withAccepts(100, (live) => {
      const start = live.position();
      const whole = readAll(live);
      live.seek(start);
      const buffer = new Uint8Array(SMALL_BYTES);
      const { bytes, records } = live.read(buffer);
      expect(records).toBeGreaterThan(0);
      expect(records).toBeLessThan(100);
      expect(decodeAccepts(buffer.subarray(0, bytes))).toHaveLength(records);
      live.seek(start);
      expect(readAll(live, SMALL_BYTES).equals(whole)).toBe(true);
    });
  });

  test('after a commit in the middle only the rest can be read again', async () => {
    await withAccepts(100, (live) => {
      const start = live.position();
      const whole = readAll(live);
      live.seek(start);
      const buffer = new Uint8Array(SMALL_BYTES);
      const { bytes, position } = live.read(buffer);
      live.commit(position);
      const rest = readAll(live);
      expect(Buffer.concat([buffer.subarray(0, bytes), rest]).equals(whole)).toBe(true);
      live.seek(position);
      expect(readAll(live).equals(rest)).toBe(true);
      expect(() => live.seek(start)).toThrow(ringError(/seek/));
    });
  });

  test('no commit goes beyond what was read, or back', async () => {
    await withAccepts(50, (live) => {
      const start = live.position();
      expect(() => live.commit(start + 8)).toThrow(AcceptstreamError);
      readAll(live);
      const end = live.position();
      expect(() => live.commit(end + 8)).toThrow(ringError(/commit/));
      live.commit(end);
      expect(() => live.commit(start)).toThrow(ringError(/commit/));
      expect(() => live.seek(end + 8)).toThrow(ringError(/seek/));
    });
  });

  test('a full ring keeps the oldest, counts the others and takes new ones after a commit', async () => {
    await withAccepts(2000, async (live, burst) => {
      const { submitted, lost } = live.counters();
      expect(submitted + lost).toBe(2000);
      expect(lost).toBeGreaterThan(0);
      const kept = decodeAccepts(readAll(live));
      expect(kept).toHaveLength(submitted);
      expect(kept.every((record) => record.pid === burst.pid && record.lost === 0)).toBe(true);
      live.commit(live.position());
      expect(readAll(live)).toHaveLength(0);
    });
  });

  /** A capture of these processes alone: others on this machine could fill a ring this small. */
  const openFor = (bursts: readonly Burst[]) =>
    openLive({ hook, ports: bursts.map((burst) => burst.port), ringBytes: RING_BYTES });

  test('detach ends it; what is in the ring can still be read', async () => {
    const [before, after] = [await Burst.start({ count: 20 }), await Burst.start({ count: 20 })];
    const live = openFor([before, after]);
    try {
      await before.run();
      live.detach();
      const { seen } = live.counters();
      await after.run();
      expect(decodeAccepts(readAll(live)).map((record) => record.pid)).toEqual(Array(20).fill(before.pid));
      expect(live.counters().seen).toBe(seen);
    } finally {
      live.close();
    }
  });

  test('it wraps many times without a gap, and every datum is whole', async () => {
    const [rounds, each] = [40, 150];
    const bursts: Burst[] = [];
    for (let round = 0; round < rounds; round++)
      bursts.push(await Burst.start({ count: each, family: round % 3 ? 4 : 6 }));
    const live = openFor(bursts);
    try {
      for (const burst of bursts) {
        await burst.run();
        const records = decodeAccepts(readAll(live));
        live.commit(live.position());
        expect(records.map((record) => record.pid)).toEqual(Array(each).fill(burst.pid));
        expect(new Set(records.map((record) => record.capture_id))).toEqual(new Set([live.captureId]));
      }
      expect(live.position()).toBeGreaterThan(10 * RING_BYTES);
    } finally {
      live.close();
    }
  });
});
