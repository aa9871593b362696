// The same accepts, kept by kernel filters and by a core.
import { type Filter, loadCore } from '../../filter-core/index.js';
import { type Accept, decodeAccepts, type Hook, openLive } from '../../source-plugin/index.js';
import type { Truth } from '../workload/workload.js';
import { type FilterWorld, startWorld } from './filter-world.js';
import { isOf } from './observer.js';
import { until } from './until.js';

const RING_BYTES = 1 << 18;

/** What a filter kept of the accepts of a world, by the ports of their peers. */
export interface Agreement {
  readonly filter: Filter;
  readonly kernel: readonly string[];
  readonly core: readonly string[];
  /** Runs that the kernel itself skipped, here or in the capture of all. */
  readonly missed: number;
}

type Live = ReturnType<typeof openLive>;

/** Where kernel and core differ by more than what the kernel skipped; '' when they agree. */
export function disagreement({ filter, kernel, core, missed }: Agreement): string {
  const onlyKernel = kernel.filter((name) => !core.includes(name));
  const onlyCore = core.filter((name) => !kernel.includes(name));
  if (onlyKernel.length + onlyCore.length <= missed) return '';
  return `${JSON.stringify(filter)}: only the kernel keeps ${onlyKernel}, only the core keeps ${onlyCore}`;
}

function readAll(live: Live): Uint8Array {
  const buffer = new Uint8Array(RING_BYTES);
  return buffer.slice(0, live.read(buffer).bytes);
}

async function keptByCore(filter: Filter, datums: Uint8Array): Promise<Accept[]> {
  const core = await loadCore({ format: 'avro', filter });
  core.input.set(datums);
  return [...core.portions(datums.length)].flatMap(({ bytes }) => decodeAccepts(bytes.slice()));
}

/** Captures are accepts of this process too: only those of the world count. */
function namesOf(records: readonly Accept[], { processes }: FilterWorld): string[] {
  const pids = new Set(processes.map(({ ready }) => ready.pid));
  const own = records.filter(({ pid }) => pids.has(pid));
  return own.map(({ remote_address, remote_port, comm }) => `${comm} ${remote_address} ${remote_port}`);
}

async function runAll(world: FilterWorld, everything: Live): Promise<Uint8Array> {
  const truths: Truth[] = [];
  for (const process of world.processes) truths.push(...(await process.run()).accepts);
  const start = everything.position();
  return until('a record of each accept', () => {
    everything.seek(start);
    const datums = readAll(everything);
    const records = decodeAccepts(datums);
    return truths.every((truth) => everything.counters().missed > 0 || records.some((one) => isOf(truth, one)))
      ? datums
      : undefined;
  });
}

/** Lets a world accept while a capture for each filter is open, and one without; what came of each filter. */
export async function compareFilters(
  hook: Hook,
  filtersOf: (world: FilterWorld) => readonly Filter[],
): Promise<Agreement[]> {
  const world = await startWorld();
  const captures: Live[] = [];
  try {
    const filters = filtersOf(world);
    for (const filter of [{}, ...filters]) captures.push(openLive({ ...filter, hook, ringBytes: RING_BYTES }));
    const [everything, ...filtered] = captures as [Live, ...Live[]];
    const datums = await runAll(world, everything);
    return await Promise.all(
      filters.map(async (filter, at) => ({
        filter,
        kernel: namesOf(decodeAccepts(readAll(filtered[at] as Live)), world),
        core: namesOf(await keptByCore(filter, datums), world),
        missed: everything.counters().missed + (filtered[at] as Live).counters().missed,
      })),
    );
  } finally {
    for (const process of world.processes) process.kill();
    for (const capture of captures) capture.close();
    await world.release();
  }
}
