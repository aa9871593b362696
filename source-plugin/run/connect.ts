import { isDeepStrictEqual } from 'node:util';
import type { RunConfig } from '../config/types.js';
import { openOutlet } from './open.js';
import type { Outlet } from './outlets.js';
import { log } from './report.js';

/** What a configuration replaces: its outlets that are configured alike go on. */
export interface Former {
  readonly config: RunConfig;
  readonly outlets: readonly Outlet[];
}

/**
 * Connects every sink of a configuration that `former` has not. When one fails, those that were opened here are
 * closed again and its error is thrown.
 */
export async function connect(config: RunConfig, former?: Former): Promise<Outlet[]> {
  const opened: Outlet[] = [];
  const results = await Promise.allSettled(
    Object.keys(config.sinks).map(async (name) => {
      const kept = keep(name, config, former);
      if (kept) return kept;
      const outlet = await open(name, config);
      opened.push(outlet);
      return outlet;
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await Promise.allSettled(opened.map(({ sink }) => sink.close()));
    throw failed.reason;
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function keep(name: string, config: RunConfig, former: Former | undefined): Outlet | undefined {
  const alike = isDeepStrictEqual(config.sinks[name], former?.config.sinks[name]);
  return alike ? former?.outlets.find((outlet) => outlet.name === name) : undefined;
}

async function open(name: string, config: RunConfig): Promise<Outlet> {
  const sink = config.sinks[name];
  if (!sink) throw new Error(`no sink ${name}`);
  const { outlet, summary } = await openOutlet(name, sink, (message) => log(`${name}: ${message}`));
  log(`${name}: ${summary}`);
  return outlet;
}
