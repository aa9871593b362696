import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter } from '../../source-plugin/index.js';
import { compareFilters, disagreement } from '../support/filter-agreement.js';
import { type FilterWorld, singleFilters, valuesOf } from '../support/filter-world.js';
import { describeHooks } from '../support/reasons.js';

const RANDOM_FILTERS = 40;
const TOGETHER = 20;
const SEED = 6;
const WORLD_MS = 60_000;

/** Filters of one to four conditions. */
function filtersFor(world: FilterWorld): fc.Arbitrary<Filter> {
  const values = valuesOf(world);
  const some = <Value>(of: readonly Value[]) => fc.subarray([...of], { minLength: 1, maxLength: 3 });
  const conditions: Record<
    keyof Omit<Filter, 'containers' | 'since' | 'until' | 'rateLimit'>,
    fc.Arbitrary<unknown>
  > = {
    pid: fc.constantFrom(...values.pid),
    family: fc.constantFrom(4, 6),
    loopback: fc.boolean(),
    ports: some(values.ports),
    remotePorts: some(values.remotePorts),
    uids: some(values.uids),
    comms: some(values.comms),
    netns: some(values.netns),
    cgroups: some(values.cgroups),
    remoteNets: some(values.nets),
    excludeRemoteNets: some(values.nets),
    localNets: some(values.nets),
    excludeLocalNets: some(values.nets),
  };
  return fc
    .subarray(Object.entries(conditions), { minLength: 1, maxLength: 4 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)) as fc.Arbitrary<Filter>);
}

describeHooks('kernel filters and the core', (hook) => {
  test('each condition keeps some accepts and drops others, the same', { timeout: WORLD_MS }, async () => {
    const [everything, ...agreements] = await compareFilters(hook, (world) => [{}, ...singleFilters(world)]);
    expect(agreements.map(disagreement).filter(Boolean)).toEqual([]);
    for (const { filter, core } of agreements) {
      expect(core.length, JSON.stringify(filter)).toBeGreaterThan(0);
      expect(core.length, JSON.stringify(filter)).toBeLessThan(everything?.core.length ?? 0);
    }
  });

  describe('random filters', () => {
    test.for([...Array(RANDOM_FILTERS / TOGETHER).keys()])('batch %i', { timeout: WORLD_MS }, async (batch) => {
      const sample = (world: FilterWorld) => fc.sample(filtersFor(world), { numRuns: TOGETHER, seed: SEED + batch });
      const agreements = await compareFilters(hook, sample);
      expect(agreements.map(disagreement).filter(Boolean)).toEqual([]);
    });
  });
});
