import { isDeepStrictEqual } from 'node:util';
import { AcceptstreamError } from '../../schemas/error.js';
import type { RunConfig } from '../config/types.js';
import { log } from '../log.js';
import { openOutlet } from './open.js';
import type { Outlet } from './outlets.js';

/** What a configuration replaces: its outlets that are configured alike go on. */
export interface Former {
  readonly config: RunConfig;
  readonly outlets: readonly Outlet[];
}

/**
 * Connects every sink of a configuration that `former` has not. When one fails, or `signal` aborts, those that were
 * opened here are closed again and an error is thrown.
 */
export async function connect(config: RunConfig, signal: AbortSignal, former?: Former): Promise<Outlet[]> {
  const opened: Outlet[] = [];
  // One that fails must not wait for another that waits for its broker.
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const errors: unknown[] = [];
  const results = await Promise.allSettled(
    Object.keys(config.sinks).map(async (name) => {
      const kept = keep(name, config, former);
      if (kept) return kept;
      const outlet = await open(name, config, either).catch((error: unknown) => {
        errors.push(named(name, error));
        failure.abort();
        throw error;
      });
      opened.push(outlet);
      return outlet;
    }),
  );
  if (errors.length > 0) {
    await Promise.allSettled(opened.map(({ sink }) => sink.close()));
    throw signal.aborted ? stopped(errors[0]) : errors[0];
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function keep(name: string, config: RunConfig, former: Former | undefined): Outlet | undefined {
  const alike = isDeepStrictEqual(config.sinks[name], former?.config.sinks[name]);
  return alike ? former?.outlets.find((outlet) => outlet.name === name) : undefined;
}

async function open(name: string, config: RunConfig, signal: AbortSignal): Promise<Outlet> {
  const sink = config.sinks[name];
  if (!sink) throw new Error(`no sink ${name}`);
  const { outlet, summary } = await openOutlet(name, sink, {
    onWait: (message) => log.warn(`${name}: ${message}`),
    onNote: (message) => log.info(`${name}: ${message}`),
    signal,
  });
  log.info(`${name}: ${summary}`);
  return outlet;
}

function named(name: string, error: unknown): unknown {
  if (!(error instanceof AcceptstreamError)) return error;
  return new AcceptstreamError(error.code, error.operation, `${name}: ${error.message}`, error.cause);
}

function stopped(cause: unknown): AcceptstreamError {
  return new AcceptstreamError('SINK', 'connect', 'stopped before every sink was connected', cause);
}
