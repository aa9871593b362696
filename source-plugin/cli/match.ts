import { usageError } from './errors.js';
import type { Row } from './options.js';

/** An argument that names an option. */
export interface Match<T> {
  readonly option: T;
  readonly flag: string;
  /** What follows the option in the same argument, '' included. */
  readonly glued?: string;
}

/** What an argument looks like; 'unknown' is shaped like an option, but there is no such option. */
export type Look<T> = Match<T> | 'unknown' | '--' | 'value';

export type Flags<T> = ReadonlyMap<string, T>;

export function flagsOf<T extends Row>(options: readonly T[]): Flags<T> {
  return new Map(options.flatMap((option) => option.flags.map((flag) => [flag, option] as const)));
}

/** The looks of all arguments; throws USAGE for an ambiguous prefix anywhere before '--'. */
export function lookAt<T extends Row>(flags: Flags<T>, argv: readonly string[]): Look<T>[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) => {
    if (end >= 0 && index >= end) return index === end ? '--' : 'value';
    return lookAtOne(flags, argument);
  });
}

/** The option of a flag written in full. */
export function exactMatch<T>(flags: Flags<T>, flag: string, glued?: string): Match<T> | undefined {
  const option = flags.get(flag);
  return option && { option, flag, ...(glued !== undefined && { glued }) };
}

function lookAtOne<T extends Row>(flags: Flags<T>, argument: string): Look<T> {
  if (!argument.startsWith('-') || argument === '-') return 'value';
  const equals = argument.indexOf('=');
  const name = equals < 0 ? argument : argument.slice(0, equals);
  const glued = equals < 0 ? undefined : argument.slice(equals + 1);
  const match = exactMatch(flags, name, glued) ?? prefixMatch(flags, argument, glued);
  if (match) return match;
  const short = exactMatch(flags, argument.slice(0, 2), argument.slice(2));
  // argparse takes an argument with a blank for a value, however it starts.
  return short ?? (argument.includes(' ') ? 'value' : 'unknown');
}

function prefixMatch<T extends Row>(flags: Flags<T>, argument: string, glued?: string): Match<T> | undefined {
  if (!argument.startsWith('--')) return undefined;
  const [prefix = ''] = argument.split('=', 1);
  const fitting = [...flags.keys()].filter((flag) => flag.startsWith(prefix));
  const first = fitting.filter((flag) => !flags.get(flag)?.yields);
  const found = first.length > 0 ? first : fitting;
  if (found.length > 1) throw usageError(`ambiguous option: ${argument} could match ${found.join(', ')}`);
  return found[0] === undefined ? undefined : exactMatch(flags, found[0], glued);
}
