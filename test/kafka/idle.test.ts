import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { configOf } from './config.js';
import { agreeable, type FakeBroker, startFakeBroker } from './fake-broker.js';

interface Queue {
  pending: object[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue') as (new (
  options: object,
) => Queue) & { prototype: Queue };
/** As kafkajs has it, if this file is the first to load the patch. */
const shipped = RequestQueue.prototype.scheduleCheckPendingRequests.toString();

const OBSERVED_MS = 300;
let broker: FakeBroker;

beforeEach(async () => {
  broker = await startFakeBroker(agreeable('accepts', 1));
});

afterEach(() => broker.close());

test('the method that the patch replaces is the one of kafkajs 2.2.4', () => {
  expect(createHash('sha256').update(shipped).digest('hex')).toBe(
    '04347ea969c6f2e3754427c0cbaee0bd4ce947fbd82f7b6e027506a06dfc581a',
  );
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
  const queue = Object.assign(new RequestQueue({ logger }), state);
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId !== null).toBe(isArmed);
  queue.destroy();
});
