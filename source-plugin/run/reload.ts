import { isDeepStrictEqual } from 'node:util';
import { AcceptstreamError } from '../../schemas/error.js';
import { loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/types.js';
import { connect } from './connect.js';
import type { Outlets } from './outlets.js';
import { log, reasonOf } from './report.js';

/**
 * Reads the configuration again on SIGHUP: sinks that changed are connected anew before the former ones are closed.
 * What can't be used leaves everything as it is, with the reason on stderr. Returns a function that ends this.
 */
export function reloadOnHangup(path: string, started: RunConfig, outlets: Outlets): () => void {
  let config = started;
  let turn = Promise.resolve();
  const reload = async () => {
    try {
      config = await reloaded(path, config, outlets);
      log(`${path} reloaded`);
    } catch (error) {
      log(`${path} not reloaded, the former configuration goes on: ${reasonOf(error)}`);
    }
  };
  const onHangup = () => {
    turn = turn.then(reload);
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}

async function reloaded(path: string, former: RunConfig, outlets: Outlets): Promise<RunConfig> {
  const config = loadConfig(path);
  for (const part of ['source', 'filter'] as const) {
    if (!isDeepStrictEqual(config[part], former[part]))
      throw new AcceptstreamError('USAGE', 'reload', `${part} belongs to the kernel programs: restart to change it`);
  }
  await outlets.replace(await connect(config, { config: former, outlets: outlets.open }));
  return config;
}
