import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patchTimers } from '../../source-plugin/kafka/patches.js';
import { openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { configOf } from './config.js';
import { agreeable, type FakeBroker, startFakeBroker } from './fake-broker.js';

interface Queue {
  pending: object[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  requestTimeoutIntervalId: NodeJS.Timeout;
  inflight: Map<number, object>;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue') as (new (
  options: object,
) => Queue) & { prototype: Queue };

const OBSERVED_MS = 300;
let broker: FakeBroker;

beforeEach(async () => {
  broker = await startFakeBroker(agreeable('accepts', 1));
});

afterEach(async () => {
  vi.useRealTimers();
  await broker.close();
});

test('a connection with nothing to send does not wake up', async () => {
  const { sink } = await openKafkaSink(configOf({ brokers: [broker.address] }), { onWait: () => {} });
  await sleep(OBSERVED_MS);
  const check = vi.spyOn(RequestQueue.prototype, 'checkPendingRequests');
  await sleep(OBSERVED_MS);
  expect(check).not.toHaveBeenCalled();
  await sink.close();
  check.mockRestore();
});

test.each([
  ['pending', { pending: [{}], throttledUntil: -1 }, true],
  ['throttled', { pending: [], throttledUntil: Date.now() + 60_000 }, true],
  ['idle', { pending: [], throttledUntil: -1 }, false],
])('a queue that is %s', (_name, state, isArmed) => {
  const logger = { debug: () => {} };
  patchTimers();
  const queue = Object.assign(new RequestQueue({ logger }), state);
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId !== null).toBe(isArmed);
  queue.destroy();
});

const REQUEST_MS = 30_000;

/** A queue with requests sent these times (ms) ago, and those of them that have timed out. */
function queueWith(ages: readonly number[], options: object = {}) {
  patchTimers();
  vi.useFakeTimers();
  const late: number[] = [];
  const queue = new RequestQueue({ requestTimeout: REQUEST_MS, enforceRequestTimeout: true, ...options });
  ages.forEach((age, id) => {
    const sentAt = Date.now() - age;
    queue.inflight.set(id, { sentAt, requestTimeout: REQUEST_MS, timeoutRequest: () => late.push(id) });
  });
  queue.scheduleRequestTimeoutCheck();
  return { queue, late };
}

test('a request that is late is told of within a second', () => {
  const { queue, late } = queueWith([REQUEST_MS - 1_500, REQUEST_MS, 0]);
  vi.advanceTimersByTime(1_000);
  expect(late).toEqual([1]);
  queue.inflight.delete(1);
  vi.advanceTimersByTime(1_000);
  expect(late).toEqual([1, 0]);
  queue.destroy();
  expect(vi.getTimerCount()).toBe(0);
});

test('times out of less than a second are kept to', () => {
  const { queue, late } = queueWith([REQUEST_MS], { requestTimeout: 200 });
  vi.advanceTimersByTime(200);
  expect(late).toEqual([0]);
  queue.destroy();
});

test('the check of late requests ends with the connection, and keeps no process alive', () => {
  let isConnected = true;
  const { queue } = queueWith([], { isConnected: () => isConnected });
  vi.advanceTimersByTime(5_000);
  expect(queue.requestTimeoutIntervalId.hasRef()).toBe(false);
  expect(vi.getTimerCount()).toBe(1);
  isConnected = false;
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('there is none where kafkajs is told not to look', () => {
  queueWith([REQUEST_MS], { enforceRequestTimeout: false });
  expect(vi.getTimerCount()).toBe(0);
});
