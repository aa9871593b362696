import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatUsage, optionRows } from '../../../source-plugin/cli/help.js';
import { READ } from '../../../source-plugin/cli/read-options.js';
import { DOCTOR } from '../../../source-plugin/doctor/options.js';
import { WASM } from '../../../source-plugin/wasm/options.js';

const path = fileURLToPath(new URL('../../../source-plugin/man/acceptstream.8', import.meta.url));
const source = readFileSync(path, 'utf8');

/** Section names with the lines of each. */
const sections = new Map(
  source
    .split(/^\.SH /m)
    .slice(1)
    .map((section) => section.trimEnd().split('\n'))
    .map(([name = '', ...lines]) => [name, lines]),
);

/** A line as it is printed: macro, quotes, fonts and escapes resolved. */
function plain(line: string): string {
  const words = line.startsWith('.') ? line.replace(/^\.\w+ ?/, '').match(/"[^"]*"|\S+/g) : [line];
  const text = (words ?? []).map((word) => word.replaceAll('"', '')).join('');
  return text.replaceAll('\\-', '-').replace(/\\f[A-Z]/g, '');
}

/** The tags of a section's .TP paragraphs. */
function tags(section: string): string[] {
  const lines = sections.get(section) ?? [];
  return lines.filter((_, index) => lines[index - 1] === '.TP').map(plain);
}

test('it has the sections of tcpaccept(8), in their order', () => {
  const names =
    'NAME,SYNOPSIS,DESCRIPTION,REQUIREMENTS,OPTIONS,EXAMPLES,FIELDS,OVERHEAD,SOURCE,OS,STABILITY,AUTHOR,SEE ALSO';
  const wanted = names.split(',');
  expect([...sections.keys()].filter((name) => wanted.includes(name))).toEqual(wanted);
});

test('OPTIONS documents exactly the options there are', () => {
  expect(tags('OPTIONS')).toEqual(optionRows().map(([flags, metavar]) => `${flags} ${metavar}`.trimEnd()));
});

test('READ documents exactly the options that the capture has not', () => {
  const capture = optionRows().map(([flags]) => flags);
  const own = optionRows(READ).filter(([flags]) => !capture.includes(flags));
  expect(tags('READ')).toEqual(own.map(([flags, metavar]) => `${flags} ${metavar}`.trimEnd()));
});

test('WASM documents exactly the options that the capture has not', () => {
  const capture = optionRows().map(([flags]) => flags);
  const own = optionRows(WASM).filter(([flags]) => !capture.includes(flags));
  expect(tags('WASM')).toEqual(own.map(([flags, metavar]) => `${flags} ${metavar}`.trimEnd()));
});

test('DOCTOR documents exactly the options that the capture has not', () => {
  expect(tags('DOCTOR')).toEqual(optionRows(DOCTOR).flatMap(([flags]) => (flags === '-h, --help' ? [] : [flags])));
});

test('SYNOPSIS is the usage', () => {
  const lines = sections.get('SYNOPSIS') ?? [];
  const synopsis = lines.slice(1, lines.indexOf('.YS')).map(plain).join(' ');
  expect(synopsis).toBe(formatUsage().replace('usage: acceptstream ', '').trimEnd().replace(/\s+/g, ' '));
});

test('FIELDS documents exactly the columns', () => {
  expect(tags('FIELDS').join(' ')).toBe('TIME TIME(s) PID COMM IP RADDR RPORT LADDR LPORT NETNS BACKLOG QUEUED(us)');
});

test.for<[string, string[]]>([
  ['groff', ['-man', '-ww', '-z']],
  ['mandoc', ['-Tlint', '-Wstyle']],
])('%s has nothing to say against it', ([program, options], { skip }) => {
  const { error, status, stdout, stderr } = spawnSync(program, [...options, path], { encoding: 'utf8' });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') skip(`${program} is not installed`);
  expect({ error, status, stdout, stderr }).toEqual({ error: undefined, status: 0, stdout: '', stderr: '' });
});
