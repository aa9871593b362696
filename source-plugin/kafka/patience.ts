import * as network from '../network/patience.js';
import { classify, type FailureKind } from './errors.js';
import type { RefusalContext } from './refusals.js';

export type Patience = network.Patience<FailureKind>;

/** Before anything was delivered, what looks like a wrong configuration is taken for one within seconds. */
export const AT_START: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  not_ready: Number.POSITIVE_INFINITY,
  closed: 2_000,
  foreign: 2_000,
  unknown_topic: 10_000,
  sequence: 10_000,
};

/** Who only looks has no reason to wait. */
export const WHILE_CHECKING: Patience = { ...AT_START, unreachable: 3_000, not_ready: 8_000 };

export const WHILE_RUNNING: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  not_ready: Number.POSITIVE_INFINITY,
  closed: Number.POSITIVE_INFINITY,
  foreign: 30_000,
  unknown_topic: 10_000,
  sequence: 30_000,
};

export interface Waiting extends Omit<network.Waiting<FailureKind>, 'classify'> {
  readonly context: RefusalContext;
}

/** Tries until it works. Throws SINK when the failure is one that waiting does not mend, and when the signal aborts. */
export function persist<T>(attempt: () => Promise<T>, waiting: Waiting): Promise<T> {
  return network.persist(attempt, { ...waiting, classify: (error) => classify(error, waiting.context) });
}
