import { AcceptstreamError } from '../../schemas/error.js';
import { argumentError, quoted, usageError } from './errors.js';
import { formatHelp, formatUsage, PROGRAM } from './help.js';
import { exactMatch, lookAt, type Match } from './match.js';
import { type CliOptions, DEFAULTS, type Option } from './options.js';

export type { CliOptions } from './options.js';

export type Parsed =
  | { readonly kind: 'run'; readonly options: CliOptions }
  /** For stdout; exit status 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** For stderr; exit status 2. */
  | { readonly kind: 'usage'; readonly text: string };

/** One use of an option; an option without a value has none. */
interface Use {
  readonly option: Option;
  readonly value?: string;
}

/**
 * Reads the arguments behind the program's name by the rules of Python 3.11's argparse, which tcpaccept has.
 * Never throws for any argv; texts end with a newline and hold no unprintable character of argv.
 */
export function parseCommandLine(argv: readonly string[], version: string): Parsed {
  try {
    return apply(readUses(argv), version);
  } catch (error) {
    if (!(error instanceof AcceptstreamError) || error.code !== 'USAGE') throw error;
    return { kind: 'usage', text: `${formatUsage()}${PROGRAM}: error: ${error.message}\n` };
  }
}

/** Lazily, because the first error or -h in the order of the arguments decides; what is left over comes last. */
function* readUses(argv: readonly string[]): Generator<Use, void> {
  const looks = lookAt(argv);
  const unrecognized: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const look = looks[index];
    if (typeof look !== 'object') {
      unrecognized.push(argv[index] ?? '');
      continue;
    }
    const uses = expandCluster(look);
    const last = uses.at(-1);
    const needsNext = last?.option.metavar !== undefined && last.value === undefined;
    if (needsNext) {
      index++;
      if (looks[index] !== 'value') throw argumentError(last.option, 'expected one argument');
      uses[uses.length - 1] = { option: last.option, value: argv[index] ?? '' };
    }
    yield* uses;
  }
  if (unrecognized.length > 0) throw usageError(`unrecognized arguments: ${unrecognized.join(' ')}`);
}

/** The options of one argument: -tP80 is two. Only the last of them may lack its value. */
function expandCluster(match: Match): Use[] {
  const uses: Use[] = [];
  let { option, glued } = match;
  while (glued !== undefined && option.metavar === undefined) {
    const letter = glued.slice(0, 1);
    const next = match.flag.startsWith('--') ? undefined : exactMatch(`-${letter}`);
    if (next === undefined) throw argumentError(option, `ignored explicit argument ${quoted(glued)}`);
    uses.push({ option });
    option = next.option;
    glued = glued.slice(1) || undefined;
  }
  uses.push(glued === undefined ? { option } : { option, value: glued });
  return uses;
}

function apply(uses: Iterable<Use>, version: string): Parsed {
  const settings = new Map<string, unknown>();
  const used = new Set<Option>();
  for (const { option, value } of uses) {
    rejectConflict(option, used);
    used.add(option);
    if ('prints' in option) {
      return { kind: 'print', text: option.prints === 'help' ? formatHelp() : `${PROGRAM} ${version}\n` };
    }
    const reject = (message: string) => argumentError(option, message);
    if (value === '') settings.delete(option.key);
    else settings.set(option.key, option.read(value ?? '', reject));
  }
  return { kind: 'run', options: { ...DEFAULTS, ...Object.fromEntries(settings) } };
}

function rejectConflict(option: Option, used: ReadonlySet<Option>): void {
  for (const other of used) {
    const conflict = other !== option && option.exclusive !== undefined && other.exclusive === option.exclusive;
    if (conflict) throw argumentError(option, `not allowed with argument ${other.flags.join('/')}`);
  }
}
