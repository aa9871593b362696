import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cgroup, cgroup2Mount, makeCgroup } from '../support/cgroup.js';
import { inodeOf } from '../support/expected.js';
import { isOf, type LiveOptions, Observer } from '../support/observer.js';
import { type MapShape, Pins } from '../support/pinned.js';
import { bpffsReason, describeHooks, hookReason } from '../support/reasons.js';
import { type Outcome, runWorkload, Workload } from '../workload/workload.js';

const SHAPES: readonly MapShape[] = [
  { valueBytes: 8 },
  { valueBytes: 1, entries: 1 },
  { valueBytes: 4, entries: 1024 },
  { valueBytes: 1000, entries: 3 },
  { type: 'lru_hash', valueBytes: 8, entries: 64 },
  { type: 'percpu_hash', valueBytes: 8, entries: 64 },
];

function describeMaps(name: string, body: (hook: Parameters<typeof hookReason>[0]) => void): void {
  describeHooks(name, body, (hook) => hookReason(hook) || bpffsReason() || (cgroup2Mount() ? '' : 'needs cgroup2'));
}

describeMaps('pinned maps', (hook) => {
  let pins: Pins;
  let cgroup: Cgroup;
  let other: Cgroup;

  beforeAll(() => {
    pins = new Pins('maps');
    cgroup = makeCgroup(`acceptstream-test-${process.pid}`);
    other = makeCgroup(`acceptstream-test-${process.pid}-other`);
  });

  afterAll(async () => {
    pins?.close();
    await cgroup?.remove();
    await other?.remove();
  });

  async function withObserver(options: LiveOptions, body: (observer: Observer) => Promise<void>): Promise<void> {
    const observer = new Observer({ ...options, hook });
    try {
      await body(observer);
    } finally {
      observer.close();
    }
  }

  const has = (observer: Observer, outcome: Outcome) =>
    observer.records.some((record) => outcome.accepts.some((accept) => isOf(accept, record)));

  async function seesLast(observer: Observer, outcomes: readonly Outcome[]): Promise<boolean[]> {
    const last = outcomes.at(-1)?.accepts[0];
    if (!last) throw new Error('no accept');
    await observer.find('the last accept', (record) => isOf(last, record));
    return outcomes.map((outcome) => has(observer, outcome));
  }

  test.for(SHAPES)('--cgroupmap is a map of any shape: %o', async (shape) => {
    const path = pins.createMap(`cgroup-${SHAPES.indexOf(shape)}`, shape);
    pins.add(`cgroup-${SHAPES.indexOf(shape)}`, cgroup.id);
    await withObserver({ cgroupMap: path }, async (observer) => {
      const outcomes = [
        await runWorkload({ cgroup: other.directory }),
        await runWorkload({}),
        await runWorkload({ cgroup: cgroup.directory }),
      ];
      expect(await seesLast(observer, outcomes)).toEqual([false, false, true]);
    });
  });

  test('--cgroupmap: entries come and go while capture runs', async () => {
    const path = pins.createMap('live');
    await withObserver({ cgroupMap: path }, async (observer) => {
      const outcomes = [await runWorkload({ cgroup: cgroup.directory })];
      pins.add('live', cgroup.id);
      pins.add('live', other.id);
      outcomes.push(await runWorkload({ cgroup: cgroup.directory }));
      pins.remove('live', cgroup.id);
      outcomes.push(await runWorkload({ cgroup: cgroup.directory }));
      outcomes.push(await runWorkload({ cgroup: other.directory }));
      expect(await seesLast(observer, outcomes)).toEqual([false, true, false, true]);
    });
  });

  test.for(SHAPES)('--mntnsmap is a map of any shape: %o', async (shape) => {
    const name = `mntns-${SHAPES.indexOf(shape)}`;
    const path = pins.createMap(name, shape);
    const inside = await Workload.start({ unshare: 'mnt' });
    pins.add(name, inodeOf(inside.ready.mntns));
    await withObserver({ mntnsMap: path }, async (observer) => {
      const outcomes = [await runWorkload({}), await runWorkload({ unshare: 'mnt' }), await inside.run()];
      expect(await seesLast(observer, outcomes)).toEqual([false, false, true]);
    });
  });

  test('--mntnsmap: entries come and go while capture runs', async () => {
    const path = pins.createMap('mntns-live');
    const outside = inodeOf((await runWorkload({})).ready.mntns);
    await withObserver({ mntnsMap: path }, async (observer) => {
      const outcomes = [await runWorkload({})];
      pins.add('mntns-live', outside);
      outcomes.push(await runWorkload({}));
      pins.remove('mntns-live', outside);
      outcomes.push(await runWorkload({}));
      pins.add('mntns-live', outside);
      outcomes.push(await runWorkload({}));
      expect(await seesLast(observer, outcomes)).toEqual([false, true, false, true]);
    });
  });

  test('both maps and the other filters are ANDed', async () => {
    const inside = await Workload.start({ unshare: 'mnt', cgroup: cgroup.directory });
    const onlyCgroup = await Workload.start({ unshare: 'mnt', cgroup: cgroup.directory });
    const onlyMntns = await Workload.start({ cgroup: cgroup.directory });
    const cgroupMap = pins.createMap('both-cgroup');
    const mntnsMap = pins.createMap('both-mntns');
    pins.add('both-cgroup', cgroup.id);
    pins.add('both-mntns', inodeOf(inside.ready.mntns));
    pins.add('both-mntns', inodeOf(onlyMntns.ready.mntns));
    const ports = [inside.ready.port, onlyCgroup.ready.port];
    await withObserver({ cgroupMap, mntnsMap, ports, family: 4 }, async (observer) => {
      const outcomes = [await onlyCgroup.run(), await onlyMntns.run(), await runWorkload({}), await inside.run()];
      expect(await seesLast(observer, outcomes)).toEqual([false, false, false, true]);
    });
  });
});
