import { setTimeout as sleep } from 'node:timers/promises';

// An emulated machine takes longer.
const DEADLINE_MS = Number(process.env.ACCEPTSTREAM_TEST_DEADLINE_MS ?? 15_000);

type Answer<T> = T | undefined | false;

/** Polls until `ready` gives a value other than undefined or false; throws with `what` at the deadline. */
export async function until<T>(
  what: string | (() => string),
  ready: () => Answer<T> | Promise<Answer<T>>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await ready();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline)
      throw new Error(`not within ${deadlineMs} ms: ${typeof what === 'string' ? what : what()}`);
    await sleep(2);
  }
}
