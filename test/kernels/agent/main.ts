// Runs in a guest and tells what it saw, a line of JSON at a time; what it had to see, the host knows.
import { release } from 'node:os';
import { HOOKS, openLive } from '../../../source-plugin/index.js';
import { programNs } from './cost.js';
import { observeFilters } from './filters.js';
import { observeHook, type Sight } from './hook.js';
import { KernelListener } from './kernel-listener.js';
import { observeOptions } from './options.js';

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function sightsOf(hook: (typeof HOOKS)[number], listener: KernelListener): Promise<readonly Sight[]> {
  try {
    const sights = await observeHook(hook, listener);
    const refused = sights.find(({ seen }) => seen === 'refused');
    return [...sights, refused ? { ...refused, path: 'filters' } : await observeFilters(hook)];
  } catch (error) {
    return [{ path: 'agent', hook, seen: 'wrong', problems: [String((error as Error).stack)] }];
  }
}

/** What the program takes when nobody names a hook. */
function chosenHook(): string {
  const live = openLive();
  live.close();
  return live.hook;
}

tell({ kind: 'guest', release: release(), node: process.version });
const listener = new KernelListener();
for (const hook of HOOKS) {
  const sights = await sightsOf(hook, listener);
  for (const sight of sights) tell({ kind: 'sight', ...sight });
  if (sights.some(({ seen }) => seen === 'once')) tell({ kind: 'cost', hook, programNs: await programNs(hook) });
}
tell({ kind: 'chosen', hook: chosenHook() });
for await (const shown of observeOptions()) tell({ kind: 'option', ...shown });
tell({ kind: 'end' });
