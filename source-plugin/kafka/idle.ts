import { createRequire } from 'node:module';

/** The part of kafkajs's RequestQueue that the patch touches. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  /** ms since the epoch. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const require = createRequire(import.meta.url);
const queue: RequestQueue = (require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype;
const schedule = queue.scheduleCheckPendingRequests;

/**
 * Stops a connection of kafkajs 2.2.4 that has nothing to send from waking up every millisecond: its check of pending
 * requests arms the timer of the next check also when nothing is pending and no broker throttles it.
 */
export function patchIdleCost(): void {
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
