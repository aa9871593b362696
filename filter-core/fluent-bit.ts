import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { instantiate } from '@assemblyscript/loader';
import { checkFilter } from './conditions.js';
import type { Filter } from './filter.js';
import type { FilterModule } from './module.js';
import { differences, withSegments } from './segments.js';
import { setFilter } from './tables.js';

type Rule = 'FILTER' | 'MORE' | 'REMOTE' | 'LOCAL' | 'LISTS' | 'PLACES' | 'RATE';
type Setter = Extract<keyof FilterModule, `set${string}`>;

/** What assembly/fluentbit.ts exports for settings: in place of setters, room for what they are to be called with. */
type Exports = Omit<FilterModule, Setter> &
  Readonly<Record<'RULES' | 'RULE_BYTES' | `RULE_${Rule}`, { readonly value: number }>>;

type Arguments = readonly (number | boolean)[];

/** The setters, which leave their arguments to be found by the module's start. */
function settersOf(exports: Exports): Pick<FilterModule, Setter> {
  const leave = (rule: Rule, args: Arguments) => {
    const start = exports.RULES.value + exports[`RULE_${rule}`].value * exports.RULE_BYTES.value;
    new Float64Array(exports.memory.buffer, start).set([1, ...args.map(Number)]);
  };
  return {
    setFilter: (...args) => leave('FILTER', args),
    setMore: (...args) => leave('MORE', args),
    setNets: (local, ...args) => leave(local ? 'LOCAL' : 'REMOTE', [local, ...args]),
    setLists: (...args) => leave('LISTS', args),
    setPlaces: (...args) => leave('PLACES', args),
    setRate: (...args) => leave('RATE', args),
  };
}

/**
 * A module for Fluent Bit's filter_wasm, by whose function `acceptstream_filter` records of the format json are kept or
 * dropped as a core with this filter does it, and get a community_id where they lack it.
 *
 * @throws AcceptstreamError USAGE naming the condition that can't be used.
 */
export async function fluentBitFilter(filter: Filter = {}): Promise<Uint8Array> {
  checkFilter(filter);
  const module = await readFile(createRequire(import.meta.url).resolve('#dist/acceptstream-filter.wasm'));
  const { exports } = await instantiate<Exports>(module);
  const before = new Uint8Array(exports.memory.buffer).slice();
  setFilter({ ...exports, ...settersOf(exports) }, filter);
  return withSegments(module, differences(before, new Uint8Array(exports.memory.buffer)));
}
