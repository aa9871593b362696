import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import type { TlsConfig } from '../config/types.js';
import type * as network from '../network/patience.js';
import { TLS_REFUSALS } from '../network/tls-refusals.js';

/**
 * What a failure is to us. `refused`: only a change of a configuration can help. `unreachable`: waiting helps. `closed`:
 * a server that stops, or one that does not like us. `silent`: no answer in time. `foreign`: what answers does not speak
 * the Forward protocol.
 */
export type FailureKind = 'refused' | 'unreachable' | 'closed' | 'silent' | 'foreign';

export type Failure = network.Failure<FailureKind>;
export type Patience = network.Patience<FailureKind>;

/** Before anything was delivered, what looks like a wrong configuration is taken for one within seconds. */
export const AT_START: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  closed: 2_000,
  silent: 5_000,
  foreign: 2_000,
};

/** Who only looks has no reason to wait. */
export const WHILE_CHECKING: Patience = { ...AT_START, unreachable: 3_000, closed: 0, silent: 0, foreign: 0 };

export const WHILE_RUNNING: Patience = {
  refused: 0,
  unreachable: Number.POSITIVE_INFINITY,
  closed: Number.POSITIVE_INFINITY,
  silent: Number.POSITIVE_INFINITY,
  foreign: 30_000,
};

/** An error of which we know what it means. */
interface Fault extends Error {
  readonly failure: Omit<Failure, 'cause'>;
}

export function fault(kind: FailureKind, message: string, remedy?: string): Fault {
  return Object.assign(new Error(message), { failure: { kind, message, remedy } });
}

/** Says what an error of a connection to `where` means. */
export function classify(error: unknown, where: string, tls?: TlsConfig): Failure {
  if (error instanceof AcceptstreamError) return { kind: 'refused', message: error.message, cause: error };
  const { failure, code = '' } = error as Partial<Fault> & { readonly code?: string };
  if (failure) return { ...failure, cause: error };
  const refusal = TLS_REFUSALS[code]?.({ where, tls, place: 'servers' });
  if (refusal) return { kind: 'refused', message: refusal, cause: error };
  return { kind: 'unreachable', message: `cannot reach ${where} (${reasonOf(error)})`, cause: error };
}

/** The connection has ended before the answer came. */
export function closing(where: string, isTls: boolean): Fault {
  const remedy = isTls ? 'it may speak no TLS (leave tls out)' : 'it may expect TLS (add tls)';
  return fault('closed', `${where} closes the connection`, `${remedy} or another shared_key`);
}

/** Several servers failed: what waiting can mend at one of them is worth waiting for. */
export function allOf(failures: readonly Failure[]): Error {
  const [first] = failures;
  const worth = failures.find(({ kind }) => kind !== 'refused') ?? first;
  const message = failures.map((failure) => failure.message).join('; ');
  return Object.assign(fault(worth?.kind ?? 'unreachable', message, worth?.remedy), { cause: worth?.cause });
}
