import { usageError } from './errors.js';
import { OPTIONS, type Option } from './options.js';

/** An argument that names an option. */
export interface Match {
  readonly option: Option;
  readonly flag: string;
  /** What follows the option in the same argument, '' included. */
  readonly glued?: string;
}

/** What an argument looks like; 'unknown' is shaped like an option, but there is no such option. */
export type Look = Match | 'unknown' | '--' | 'value';

const BY_FLAG: ReadonlyMap<string, Option> = new Map(
  OPTIONS.flatMap((option) => option.flags.map((flag) => [flag, option] as const)),
);

/** The looks of all arguments; throws USAGE for an ambiguous prefix anywhere before '--'. */
export function lookAt(argv: readonly string[]): Look[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) => {
    if (end >= 0 && index >= end) return index === end ? '--' : 'value';
    return lookAtOne(argument);
  });
}

/** The option of a flag written in full. */
export function exactMatch(flag: string, glued?: string): Match | undefined {
  const option = BY_FLAG.get(flag);
  return option && { option, flag, ...(glued !== undefined && { glued }) };
}

function lookAtOne(argument: string): Look {
  if (!argument.startsWith('-') || argument === '-') return 'value';
  const equals = argument.indexOf('=');
  const name = equals < 0 ? argument : argument.slice(0, equals);
  const glued = equals < 0 ? undefined : argument.slice(equals + 1);
  const match = exactMatch(name, glued) ?? (name.startsWith('--') ? prefixMatch(argument, name, glued) : undefined);
  // argparse takes an argument with a blank for a value, however it starts.
  return match ?? exactMatch(argument.slice(0, 2), argument.slice(2)) ?? (argument.includes(' ') ? 'value' : 'unknown');
}

function prefixMatch(argument: string, prefix: string, glued?: string): Match | undefined {
  const flags = [...BY_FLAG.keys()].filter((flag) => flag.startsWith(prefix));
  if (flags.length > 1) throw usageError(`ambiguous option: ${argument} could match ${flags.join(', ')}`);
  return flags[0] === undefined ? undefined : exactMatch(flags[0], glued);
}
