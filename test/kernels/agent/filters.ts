// Every kernel filter, held against the core's answers for the same accepts.
import type { Hook } from '../../../source-plugin/index.js';
import { compareFilters, disagreement } from '../../support/filter-agreement.js';
import { singleFilters } from '../../support/filter-world.js';
import type { Sight } from './hook.js';

/** One sight for all conditions: each keeps some accepts and drops others, and the core the same. */
export async function observeFilters(hook: Hook): Promise<Sight> {
  const sight = { path: 'filters', hook };
  try {
    const agreements = await compareFilters(hook, singleFilters);
    const empty = agreements.filter(({ core, missed }) => core.length === 0 && missed === 0);
    const problems = [
      ...agreements.map(disagreement).filter(Boolean),
      ...empty.map(({ filter }) => `${JSON.stringify(filter)} keeps nothing`),
    ];
    return { ...sight, seen: problems.length === 0 ? 'once' : 'wrong', problems };
  } catch (error) {
    return { ...sight, seen: 'wrong', problems: [(error as Error).message] };
  }
}
