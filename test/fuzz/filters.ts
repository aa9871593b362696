import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { checkFilter, LISTS } from '../../filter-core/conditions.js';
import type { Filter } from '../../filter-core/index.js';
import { parseNet } from '../../filter-core/nets.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { CAPTURE, type CliOptions } from '../../source-plugin/cli/options.js';
import { parseArguments } from '../../source-plugin/cli/parse.js';
import type { Random } from './random.js';
import { type Fuzz, hold, type Target } from './target.js';

/** Texts for every option with a value, and for every list of a filter. */
interface Input {
  /** A flag of the command line, or the name of a list. */
  readonly name: string;
  readonly text: string;
}

/** An option with a value. */
interface Valued {
  readonly flag: string;
  readonly key: keyof CliOptions;
}

const OPTIONS = new Map(
  CAPTURE.options.flatMap((option): [string, Valued][] => {
    const flag = option.flags.at(-1) ?? '';
    return option.metavar !== undefined && 'key' in option ? [[flag, { flag, key: option.key }]] : [];
  }),
);
const NAMES = [...OPTIONS.keys(), ...Object.keys(LISTS)];

const PIECES = [
  ...['0', '1', '80', '443', '65535', '65536', '4294967295', '4294967296', '99999999999999999999', '-1', '+1', '0x10'],
  ...[
    ',',
    ',,',
    '-',
    '/',
    ' ',
    '\t',
    '\n',
    '\0',
    '\u001b[31m',
    '"',
    "'",
    '=',
    '--',
    '%',
    '\ufffd',
    '\ud800',
    'é',
    '１',
  ],
  ...[
    '10.0.0.0/8',
    '192.0.2.1',
    '::/0',
    '::1',
    '2001:db8::/32',
    '::ffff:10.0.0.0/104',
    '1.2.3',
    '::ffff:',
    'fe80::1%eth0',
  ],
  ...[
    '/24',
    '/128',
    '/129',
    '/032',
    '01.2.3.4',
    '256.1.1.1',
    ':',
    '.',
    'a',
    'ffff',
    'nginx',
    'json',
    'tcpaccept',
    'debug',
  ],
  ...[
    '/',
    '/system.slice',
    '/..',
    '/a//b',
    '0123456789abcdef',
    'deadbeef',
    '/remote_address',
    '/pid',
    '4096',
    '/sys/fs/cgroup',
  ],
];
const PIECES_MOST = 6;
// What stands in an error of a line; a blank is the only one of its kind that does.
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/u;

class FilterFuzz implements Fuzz<Input> {
  readonly wasmBytes = 0;

  make(random: Random): Input {
    let text = '';
    for (let pieces = random.below(PIECES_MOST + 1); pieces > 0; pieces--)
      text += random.once(8) ? String.fromCodePoint(random.below(random.once(2) ? 0x80 : 0xd800)) : random.pick(PIECES);
    return { name: random.pick(NAMES), text };
  }

  feed({ name, text }: Input): void {
    const option = OPTIONS.get(name);
    if (option) checkArgument(option, text);
    else checkList(name, text);
  }

  show({ name, text }: Input): string {
    return `${name} ${JSON.stringify(text)}: ${Buffer.from(text).toString('hex')}`;
  }
}

/** A list of a value as a person would write it. */
function written(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return undefined;
  return value.map((entry) => (Array.isArray(entry) ? entry.join('-') : String(entry))).join(',');
}

function checkArgument({ flag, key }: Valued, text: string): void {
  const parsed = parseArguments(CAPTURE, [`${flag}=${text}`]);
  hold(parsed.kind !== 'print', 'a value asks for no text');
  if (parsed.kind === 'usage') checkUsage(parsed.text);
  else if (text !== '') checkAgain({ flag, key }, parsed.options[key]);
}

/** What was read is read the same from its own text. */
function checkAgain({ flag, key }: Valued, value: unknown): void {
  const again = written(value);
  if (again === undefined) return;
  const second = parseArguments(CAPTURE, [`${flag}=${again}`]);
  const other = second.kind === 'run' ? second.options[key] : undefined;
  hold(isDeepStrictEqual(other, value), `${again} is read as ${JSON.stringify(other)}`);
}

function checkUsage(text: string): void {
  const [error = '', ...others] = text.split('\n').slice(0, -1).reverse();
  hold(text.endsWith('\n') && /^acceptstream: error: ./.test(error), 'usage ends with a line that says what is wrong');
  hold(!UNPRINTABLE.test(error) && others.every((line) => /^(usage:| )/.test(line)), 'the error is one printable line');
}

function checkList(name: string, text: string): void {
  const kind = LISTS[name as keyof typeof LISTS];
  const entries = text
    .split(',')
    .map((entry) => (/^\d{1,12}$/.test(entry) && kind !== LISTS.comms ? Number(entry) : entry));
  try {
    checkFilter({ [name]: entries } as Filter);
  } catch (error) {
    if (!(error instanceof AcceptstreamError) || error.code !== 'USAGE') throw error;
    hold(error.operation === `filter.${name}` && !error.message.includes('\n'), `one line: ${error.message}`);
    return;
  }
  for (const entry of entries) hold(kind.fits(entry), `${entry} fits`);
  if (name.endsWith('Nets')) for (const entry of entries) checkNet(String(entry));
}

/** What is taken for a network is one for Node.js, and its own text says the same. */
function checkNet(text: string): void {
  const net = parseNet(text);
  const [address = '', bits] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  hold(net !== undefined && isIP(address) > 0 && Number(bits ?? most) <= most, `${text} is a network`);
  const groups = Buffer.from(net.address).toString('hex').match(/..../g) ?? [];
  const again = `${net.family === 4 ? [...net.address].join('.') : groups.join(':')}/${net.bits}`;
  hold(isDeepStrictEqual(parseNet(again), net), `${text} is ${again}`);
}

export const FILTERS: Target = { name: 'filters', inputs: 500_000, open: async () => new FilterFuzz() };
