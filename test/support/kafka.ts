import { randomUUID } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { type Shared, startShared, stopShared } from './kafka-servers.js';

export * from './kafka-servers.js';

// Without the set-up of the kafka project they are the test file's own.
afterAll(stopShared);

/** The shared servers; started on first use, gone when the run ends. Allow for 30 s. */
export async function sharedKafka(): Promise<Shared> {
  const host = inject('kafka');
  if (!host) return startShared();
  const answer = await fetch(host);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Shared;
}

/** A topic or subject name that nobody else uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
