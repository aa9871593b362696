import { isDeepStrictEqual } from 'node:util';
import { AcceptstreamError, reasonOf } from '../../schemas/error.js';
import { loadConfigAgain } from '../config/load.js';
import type { RunConfig } from '../config/types.js';
import { log } from '../log.js';
import { connect } from './connect.js';
import type { ServiceManager } from './manager.js';
import type { Outlets } from './outlets.js';

export interface Reloadable {
  readonly path: string;
  /** What `outlets` were opened from. */
  readonly config: RunConfig;
  readonly outlets: Outlets;
  readonly manager: Pick<ServiceManager, 'reloading' | 'ready'>;
  /** Aborting it ends the waiting for brokers. */
  readonly signal: AbortSignal;
}

/**
 * Reads the configuration again on SIGHUP, at the earliest when `started` has resolved: sinks that changed are connected
 * anew before the former ones are closed. What can't be used leaves everything as it is, with the reason on stderr.
 * Returns a function that ends this; it resolves when no reload is under way any more.
 */
export function reloadOnHangup(run: Reloadable, started: Promise<unknown>): () => Promise<void> {
  let { config } = run;
  let turn = started.then(() => {});
  turn.catch(() => {});
  let latest = new AbortController();
  const reload = async (signal: AbortSignal) => {
    run.manager.reloading();
    try {
      config = await reloaded({ ...run, config, signal });
      log.info(`${run.path} reloaded`);
      run.manager.ready(`${run.path} reloaded: to ${run.outlets.names}`);
    } catch (error) {
      const told = `${run.path} not reloaded, the former configuration goes on: ${reasonOf(error)}`;
      log.error(told);
      run.manager.ready(told);
    }
  };
  const onHangup = () => {
    // A reload that waits for a broker that does not exist must not hold up its correction.
    latest.abort();
    latest = new AbortController();
    const signal = AbortSignal.any([run.signal, latest.signal]);
    turn = turn.then(() => reload(signal));
    turn.catch(() => {});
  };
  process.on('SIGHUP', onHangup);
  return async () => {
    process.off('SIGHUP', onHangup);
    await turn.catch(() => {});
  };
}

/** Says on stderr what outlets that were left out do not have, by their names. */
export function tellMissing(missing: ReadonlyMap<string, number>): void {
  for (const [name, records] of missing)
    log.error(`${name} lacks ${records} ${records === 1 ? 'record' : 'records'} since it was left out`);
}

async function reloaded({ path, config: former, outlets, signal }: Reloadable): Promise<RunConfig> {
  const config = loadConfigAgain(path);
  for (const part of ['source', 'filter'] as const) {
    if (!isDeepStrictEqual(config[part], former[part]))
      throw new AcceptstreamError('USAGE', 'reload', `${part} belongs to the kernel programs: restart to change it`);
  }
  tellMissing(await outlets.replace(await connect(config, signal, { config: former, outlets: outlets.open })));
  return config;
}
