import { OPTIONS, type Option } from './options.js';

export const PROGRAM = 'acceptstream';

// argparse's layout on a terminal of 80 columns.
const WIDTH = 78;
const HELP_COLUMN = 24;

const EPILOG = `examples:
    acceptstream           # trace all TCP accept()s
    acceptstream -t        # include timestamps
    acceptstream -P 80,81  # only trace port 80 and 81
    acceptstream -p 181    # only trace PID 181
    acceptstream --cgroupmap mappath  # only trace cgroups in this BPF map
    acceptstream --mntnsmap mappath   # only trace mount namespaces in the map
    acceptstream -4        # trace IPv4 family
    acceptstream -6        # trace IPv6 family
    acceptstream -tT > accepts.txt    # both times, into a file
    acceptstream | grep --line-buffered sshd  # rows of one program, live
    acceptstream --ring-bytes 67108864        # room for longer bursts

exit status:
    0  ended by Ctrl-C, another signal or a closed pipe
    1  failed, for the reason on stderr
    2  the command line is wrong
`;

/** The option table for documentation: flags as help joins them, name of the value or '', help. */
export function optionRows(): [flags: string, metavar: string, help: string][] {
  return OPTIONS.map((option) => [option.flags.join(', '), option.metavar ?? '', option.help]);
}

/** The usage lines, newline at the end. */
export function formatUsage(): string {
  const prefix = `usage: ${PROGRAM} `;
  const lines = fill(usageParts(), WIDTH - prefix.length);
  return `${prefix}${lines.join(`\n${' '.repeat(prefix.length)}`)}\n`;
}

/** What -h prints. */
export function formatHelp(): string {
  const options = OPTIONS.map(formatOption).join('');
  return `${formatUsage()}\nTrace TCP accepts\n\noptions:\n${options}\n${EPILOG}`;
}

function usageParts(): string[] {
  const parts: string[] = [];
  OPTIONS.forEach((option, index) => {
    const text = invocation(option, option.flags[0] ?? '');
    const grouped = option.exclusive !== undefined && OPTIONS[index - 1]?.exclusive === option.exclusive;
    if (grouped) parts.push(`${parts.pop()?.slice(0, -1)} | ${text}]`);
    else parts.push(`[${text}]`);
  });
  return parts;
}

function invocation(option: Option, flag: string): string {
  return option.metavar === undefined ? flag : `${flag} ${option.metavar}`;
}

function formatOption(option: Option): string {
  const header = `  ${option.flags.map((flag) => invocation(option, flag)).join(', ')}`;
  const margin = ' '.repeat(HELP_COLUMN);
  const help = fill(option.help.split(' '), WIDTH - HELP_COLUMN).join(`\n${margin}`);
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
