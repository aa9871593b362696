import { AcceptstreamError } from '../../schemas/error.js';
import { argumentError, quoted, usageError } from './errors.js';
import { formatHelp, formatUsage } from './help.js';
import { exactMatch, type Flags, flagsOf, lookAt, type Match } from './match.js';
import { CAPTURE, type CliOptions, type Command, type Option, type Row } from './options.js';

export type { CliOptions } from './options.js';

export type Parsed<O = CliOptions> =
  | { readonly kind: 'run'; readonly options: O }
  /** For stdout; exit status 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** For stderr; exit status 2. */
  | { readonly kind: 'usage'; readonly text: string };

/** One use of an option; an option without a value has none. */
interface Use<T> {
  readonly option: T;
  readonly value?: string;
}

/** Arguments in their order: options, and what is none. */
type Argument<T> = Use<T> | { readonly operand: string };

/** The arguments of the capture, behind the program's name; as parseArguments. */
export function parseCommandLine(argv: readonly string[], version: string): Parsed {
  return parseArguments(CAPTURE, argv, version);
}

/**
 * Reads the arguments behind a command's name by the rules of Python 3.11's argparse, which tcpaccept has.
 * Never throws for any argv; texts end with a newline and hold no unprintable character of argv.
 */
export function parseArguments<O>(command: Command<O>, argv: readonly string[], version = ''): Parsed<O> {
  try {
    return apply(command, readArguments(command, argv), version);
  } catch (error) {
    if (!(error instanceof AcceptstreamError) || error.code !== 'USAGE') throw error;
    return { kind: 'usage', text: `${formatUsage(command)}${command.program}: error: ${error.message}\n` };
  }
}

/** Lazily, because the first error or -h in the order of the arguments decides; what is left over comes last. */
function* readArguments<O>(command: Command<O>, argv: readonly string[]): Generator<Argument<Option<O>>, void> {
  const flags = flagsOf(command.options);
  const looks = lookAt(flags, argv);
  const unrecognized: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const look = looks[index];
    if (typeof look !== 'object') {
      if (!command.operands || look === 'unknown') unrecognized.push(argv[index] ?? '');
      else if (look === 'value') yield { operand: argv[index] ?? '' };
      continue;
    }
    const uses = expandCluster(flags, look);
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
function expandCluster<T extends Row>(flags: Flags<T>, match: Match<T>): Use<T>[] {
  const uses: Use<T>[] = [];
  let { option, glued } = match;
  while (glued !== undefined && option.metavar === undefined) {
    const letter = glued.slice(0, 1);
    const next = match.flag.startsWith('--') ? undefined : exactMatch(flags, `-${letter}`);
    if (next === undefined) throw argumentError(option, `ignored explicit argument ${quoted(glued)}`);
    uses.push({ option });
    option = next.option;
    glued = glued.slice(1) || undefined;
  }
  uses.push(glued === undefined ? { option } : { option, value: glued });
  return uses;
}

function apply<O>(command: Command<O>, given: Iterable<Argument<Option<O>>>, version: string): Parsed<O> {
  const settings = new Map<keyof O, unknown>();
  const used = new Set<Option<O>>();
  const operands: string[] = [];
  for (const argument of given) {
    if ('operand' in argument) {
      operands.push(argument.operand);
      continue;
    }
    const { option, value } = argument;
    rejectConflict(option, used);
    used.add(option);
    if ('refused' in option) throw argumentError(option, option.refused);
    if ('prints' in option) {
      return {
        kind: 'print',
        text: option.prints === 'help' ? formatHelp(command) : `${command.program} ${version}\n`,
      };
    }
    const reject = (message: string) => argumentError(option, message);
    if (value === '') settings.delete(option.key);
    else settings.set(option.key, option.read(value ?? '', reject));
  }
  if (command.operands) settings.set(command.operands.key, operands);
  const options = { ...command.defaults, ...Object.fromEntries(settings) } as O;
  command.check?.(options);
  return { kind: 'run', options };
}

function rejectConflict(option: Row, used: ReadonlySet<Row>): void {
  for (const other of used) {
    const conflict = other !== option && option.exclusive !== undefined && other.exclusive === option.exclusive;
    if (conflict) throw argumentError(option, `not allowed with argument ${other.flags.join('/')}`);
  }
}
