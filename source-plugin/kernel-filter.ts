import type { Filter } from '../filter-core/index.js';
import { type Net, parseNet } from '../filter-core/nets.js';
import { everyPort } from '../filter-core/tables.js';

function netsOf(texts: readonly string[] = []): Net[] {
  return texts.flatMap((text) => parseNet(text) ?? []);
}

/** A filter that was checked in the kernel's terms: single ports, and networks as bytes. */
export function kernelFilter(filter: Filter) {
  return {
    ports: filter.ports && everyPort(filter.ports),
    remotePorts: filter.remotePorts && everyPort(filter.remotePorts),
    remoteNets: netsOf(filter.remoteNets),
    excludeRemoteNets: netsOf(filter.excludeRemoteNets),
    localNets: netsOf(filter.localNets),
    excludeLocalNets: netsOf(filter.excludeLocalNets),
  };
}
