import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { AcceptstreamError, HOOKS, type LiveOptions, openLive } from '../../source-plugin/index.js';
import { isOf, Observer } from '../support/observer.js';
import { describeHooks, describeUnless, hookReason, liveReason } from '../support/reasons.js';
import { runWorkload } from '../workload/workload.js';

const LIBRARY = fileURLToPath(new URL('../../dist/source-plugin/index.js', import.meta.url));

/** Options that no type allows, or whose values make no sense. */
const WRONG: readonly (readonly [string, unknown])[] = [
  ['a ring of 0 bytes', { ringBytes: 0 }],
  ['a ring that is no power of two', { ringBytes: 12_288 }],
  ['a ring smaller than a page', { ringBytes: 1024 }],
  ['a pid that is a string', { pid: '12' }],
  ['a negative pid', { pid: -2 }],
  ['a pid that is no integer', { pid: 1.5 }],
  ['a port above 65535', { ports: [80, 65_536] }],
  ['a family that is none', { family: 5 }],
  ['a hook that is none', { hook: 'kprobe:accept' }],
  ['a path that is a number', { cgroupMap: 5 }],
];

describeHooks('two captures at once', (hook) => {
  test('each has its own filters, counters and identity', async () => {
    const [all, none] = [new Observer({ hook }), new Observer({ hook, pid: 0 })];
    try {
      const [accept] = (await runWorkload({})).accepts;
      const record = await all.find('the accept', (one) => accept !== undefined && isOf(accept, one));
      none.drain();
      expect(none.records).toEqual([]);
      expect(none.live.counters()).toMatchObject({ submitted: 0, lost: 0 });
      expect(none.live.counters().filtered).toBeGreaterThan(0);
      expect(record.capture_id).toBe(all.live.captureId);
      expect(record.hook).toBe(all.live.hook);
      expect(none.live.captureId).not.toBe(all.live.captureId);
    } finally {
      all.close();
      none.close();
    }
  });
});

describeUnless(liveReason(), 'the library', () => {
  test('takes the first hook that this machine has', () => {
    const live = openLive();
    live.close();
    expect(live.hook).toBe(HOOKS.find((hook) => hookReason(hook) === ''));
  });

  test.for(WRONG)('refuses %s', ([, options]) => {
    const open = () => openLive(options as LiveOptions).close();
    expect(open).toThrow(AcceptstreamError);
    expect(open).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('runs in a worker thread, which may end without closing it', async () => {
    const script = `import(${JSON.stringify(LIBRARY)}).then(({ openLive }) => {
      const { hook } = openLive();
      require('node:worker_threads').parentPort.postMessage(hook);
    })`;
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(script, { eval: true });
      const [[hook], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      expect([hook, code]).toEqual([HOOKS.find((one) => hookReason(one) === ''), 0]);
    }
  });

  test('a capture that is closed says so', () => {
    const live = openLive();
    live.close();
    live.close();
    const closed = expect.objectContaining({ code: 'RING', message: expect.stringContaining('closed') });
    expect(() => live.read(new Uint8Array(4096))).toThrow(closed);
    expect(() => live.counters()).toThrow(closed);
  });
});
