import { CAPTURE, type Row } from './options.js';

/** What help and usage are made from. */
interface Page {
  readonly program: string;
  readonly description: string;
  readonly options: readonly Row[];
  readonly operands?: { readonly metavar: string; readonly help: string };
  readonly epilog: string;
}

// argparse's layout on a terminal of 80 columns.
const WIDTH = 78;
const HELP_COLUMN = 24;

/** The option table for documentation: flags as help joins them, name of the value or '', help; operands first. */
export function optionRows(page: Page = CAPTURE): [flags: string, metavar: string, help: string][] {
  const operands = page.operands ? [[page.operands.metavar, '', page.operands.help] as [string, string, string]] : [];
  return [...operands, ...ownRows(page)];
}

function ownRows(page: Page): [string, string, string][] {
  return shown(page).map((option) => [option.flags.join(', '), option.metavar ?? '', option.help]);
}

/** The usage lines, newline at the end. */
export function formatUsage(page: Page = CAPTURE): string {
  const prefix = `usage: ${page.program} `;
  const operands = page.operands ? [`[${page.operands.metavar} ...]`] : [];
  const lines = [...fill(usageParts(shown(page)), WIDTH - prefix.length), ...operands];
  return `${prefix}${lines.join(`\n${' '.repeat(prefix.length)}`)}\n`;
}

/** What -h prints. */
export function formatHelp(page: Page = CAPTURE): string {
  const options = shown(page).map(formatOption).join('');
  const operands = page.operands
    ? `positional arguments:\n${formatLine(page.operands.metavar, page.operands.help)}\n`
    : '';
  return `${formatUsage(page)}\n${page.description}\n\n${operands}options:\n${options}\n${page.epilog}`;
}

function shown({ options }: Page): readonly Row[] {
  return options.filter((option) => !('refused' in option));
}

function usageParts(options: readonly Row[]): string[] {
  const parts: string[] = [];
  options.forEach((option, index) => {
    const text = invocation(option, option.flags[0] ?? '');
    const grouped = option.exclusive !== undefined && options[index - 1]?.exclusive === option.exclusive;
    if (grouped) parts.push(`${parts.pop()?.slice(0, -1)} | ${text}]`);
    else parts.push(`[${text}]`);
  });
  return parts;
}

function invocation(option: Row, flag: string): string {
  return option.metavar === undefined ? flag : `${flag} ${option.metavar}`;
}

function formatOption(option: Row): string {
  return formatLine(option.flags.map((flag) => invocation(option, flag)).join(', '), option.help);
}

function formatLine(what: string, text: string): string {
  const header = `  ${what}`;
  const margin = ' '.repeat(HELP_COLUMN);
  const help = fill(text.split(' '), WIDTH - HELP_COLUMN).join(`\n${margin}`);
  const fits = header.length + 2 <= HELP_COLUMN;
  return `${fits ? header.padEnd(HELP_COLUMN) : `${header}\n${margin}`}${help}\n`;
}

/** Lines of at most `width` characters, unless one part alone is longer. */
function fill(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + part.length <= width) lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(part);
  }
  return lines;
}
