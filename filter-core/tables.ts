import type { Filter, Ports, RateKey } from './filter.js';
import type { FilterModule } from './module.js';
import { boundariesOf } from './nets.js';

const HALF = (1n << 64n) - 1n;

function view(module: FilterModule, address: number): DataView {
  return new DataView(module.memory.buffer, address);
}

/** Each port that a list names. */
export function everyPort(ports: readonly Ports[]): number[] {
  return ports.flatMap((entry) => {
    const [from, to] = typeof entry === 'number' ? [entry, entry] : entry;
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function setPorts(module: FilterModule, address: number, ports: readonly Ports[]): void {
  const bitmap = new Uint8Array(module.memory.buffer, address, module.PORTS_BYTES.value);
  for (const port of everyPort(ports)) bitmap[port >> 3] = (bitmap[port >> 3] ?? 0) | (1 << (port & 7));
}

function setSide(module: FilterModule, local: boolean, nets: [readonly string[], readonly string[]]): void {
  const [included, excluded] = nets;
  if (included.length + excluded.length === 0) return;
  const stride = module.BOUNDARY_BYTES.value;
  const start = module.BOUNDARIES.value + (local ? module.BOUNDARIES_MAX.value * stride : 0);
  const boundaries = boundariesOf(included, excluded);
  boundaries.forEach((boundary, index) => {
    const place = view(module, start + index * stride);
    place.setBigUint64(0, boundary >> 64n, true);
    place.setBigUint64(8, boundary & HALF, true);
  });
  module.setNets(local, boundaries.length, included.length === 0);
}

function setNumbers(module: FilterModule, address: number, numbers: readonly number[]): void {
  numbers.forEach((number, index) => {
    view(module, address + index * 8).setBigInt64(0, BigInt(number), true);
  });
}

function setComms(module: FilterModule, comms: readonly string[]): void {
  comms.forEach((comm, index) => {
    const bytes = new TextEncoder().encode(comm);
    const entry = new Uint8Array(module.memory.buffer, module.COMMS.value + index * 16, 16);
    entry.set(bytes);
    entry[15] = bytes.length;
  });
}

function setTexts(module: FilterModule, address: number, texts: readonly string[]): void {
  texts.forEach((text, index) => {
    const bytes = new TextEncoder().encode(text);
    const start = address + index * module.TEXT_BYTES.value;
    view(module, start).setUint32(0, bytes.length, true);
    new Uint8Array(module.memory.buffer, start + 4, bytes.length).set(bytes);
  });
}

function setLists(
  module: FilterModule,
  { uids = [], netns = [], comms = [], cgroups = [], containers = [] }: Filter,
): void {
  setNumbers(module, module.UIDS.value, uids);
  setNumbers(module, module.NETNSES.value, netns);
  setComms(module, comms);
  module.setLists(uids.length, netns.length, comms.length);
  // The root is what every path begins with.
  const paths = cgroups.map((path) => (path === '/' ? '' : path));
  setTexts(module, module.CGROUPS.value, paths);
  setTexts(module, module.CONTAINERS.value, containers);
  module.setPlaces(cgroups.length, containers.length);
}

function setRate(module: FilterModule, { rateLimit }: Filter): void {
  if (rateLimit === undefined) return;
  const keys: Record<RateKey, number> = {
    remote_address: module.RATE_REMOTE_ADDRESS.value,
    local_port: module.RATE_LOCAL_PORT.value,
    comm: module.RATE_COMM.value,
    pid: module.RATE_PID.value,
  };
  module.setRate(keys[rateLimit.key], rateLimit.records, (rateLimit.intervalMs ?? 1000) * 1000);
}

/** Whether a filter asks for anything but what tcpaccept has. */
function asksForMore({ pid: _pid, ports: _ports, family: _family, rateLimit: _rate, ...rest }: Filter): boolean {
  const { loopback = true, since, until, ...lists } = rest;
  if (!loopback || since !== undefined || until !== undefined) return true;
  return Object.values(lists).some((list) => Array.isArray(list) && list.length > 0);
}

/** Writes a filter that was checked into a module. */
export function setFilter(module: FilterModule, filter: Filter): void {
  const { pid = -1, family = -1, ports = [], remotePorts = [], loopback = true } = filter;
  setPorts(module, module.PORTS.value, ports);
  module.setFilter(pid, family, ports.length > 0);
  setRate(module, filter);
  if (!asksForMore(filter)) return;
  setPorts(module, module.REMOTE_PORTS.value, remotePorts);
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter;
  module.setMore(remotePorts.length > 0, loopback, since, until);
  setSide(module, false, [filter.remoteNets ?? [], filter.excludeRemoteNets ?? []]);
  setSide(module, true, [filter.localNets ?? [], filter.excludeLocalNets ?? []]);
  setLists(module, filter);
}
