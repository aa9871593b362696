import { setTimeout as sleep } from 'node:timers/promises';
import { HungUp, registryError, Transient } from './failure.js';
import type { Patience } from './options.js';

const WAIT_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 4_000;
/** How long a registry that starts may take between listening and answering. */
const HUNG_UP_MS = 5_000;
const MISTAKES = "check registry.url: a Kafka broker's port does that, or one that expects https:";

/**
 * Tries until `attempt` gives a value or fails for good, or the time is up: then SINK with the last reason.
 * `place` names the registry.
 */
export async function patiently<T>(place: string, patience: Patience, attempt: () => Promise<T>): Promise<T> {
  const waitMs = patience.waitMs ?? WAIT_MS;
  const deadline = performance.now() + waitMs;
  let told = '';
  let hungUpSince = Number.POSITIVE_INFINITY;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
    const outcome = await outcomeOf(attempt);
    if ('value' in outcome) return outcome.value;
    const now = performance.now();
    hungUpSince = outcome.error instanceof HungUp ? Math.min(hungUpSince, now) : Number.POSITIVE_INFINITY;
    const left = Math.min(deadline, hungUpSince + HUNG_UP_MS) - now;
    if (left <= 0) throw givenUp(place, outcome.error, waitMs);
    if (outcome.text !== told)
      patience.onWait?.(`${place} is away: ${outcome.text}. Trying again for ${seconds(left)} s`);
    told = outcome.text;
    await sleep(Math.min(pauseMs, left), undefined, { signal: patience.signal });
  }
}

function givenUp(place: string, error: Transient, waitMs: number): Error {
  const what =
    error instanceof HungUp
      ? `closes the connection without an answer (${error.message}): ${MISTAKES}`
      : `is away: ${error.message}. Tried for ${seconds(waitMs)} s`;
  return registryError(`${place} ${what}`, error);
}

type Outcome<T> = { readonly value: T } | { readonly text: string; readonly error: Transient };

async function outcomeOf<T>(attempt: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await attempt() };
  } catch (error) {
    if (error instanceof Transient) return { text: error.message, error };
    throw error;
  }
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
