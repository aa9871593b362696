// What the README says between its markers, made from what it is about. Needs the build.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { optionRows } from '../../dist/source-plugin/cli/help.js';
import { READ } from '../../dist/source-plugin/cli/read-options.js';
import { WASM } from '../../dist/source-plugin/wasm/options.js';
import { renderCoverage } from '../kernels/coverage.mjs';
import { configRows } from './config-rows.mjs';

const local = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path) => readFileSync(local(path), 'utf8');

export const README = local('README.md');

const rowText = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(rowText).join('\n');
const code = (text) => (text ? `\`${text}\`` : '');

function options(command) {
  return table(
    ['option', 'value', ''],
    optionRows(command).map(([flags, metavar, help]) => [code(flags), code(metavar), help]),
  );
}

function config() {
  const rows = configRows(JSON.parse(read('schemas/config.schema.json')));
  const cells = rows.map(({ key, values, standard, meaning }) => [code(key), values, code(standard), meaning]);
  return table(['key', 'value', 'default', 'meaning'], cells);
}

const typeName = (type) => (typeof type === 'string' ? type : `${type.type} (${type.logicalType})`);

function record() {
  const columns = new Map(JSON.parse(read('schemas/mapping.json')).fields.map((row) => [row.field, row.tcpaccept]));
  const { fields } = JSON.parse(read('schemas/accept.avsc'));
  const rows = fields.map(({ name, type, doc }) => [code(name), typeName(type), columns.get(name) ?? '', doc]);
  return table(['field', 'type', 'tcpaccept', 'meaning'], rows);
}

const fenced = (language, path) => `\`\`\`${language}\n${read(path)}\`\`\``;

const cellsOf = (line) => line.slice(2, -2).split(' | ');

/** Rows of BENCHMARKS.md that are held against a limit, and the tax, which has none. */
function quotedRows(page) {
  const rows = page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [title, ...lines] = section.split('\n');
      const cells = lines.filter((line) => /^\| (?!measure \||--)/.test(line)).map(cellsOf);
      return cells.map(([name, median, spread, , unit, limit]) => ({ title, name, median, spread, unit, limit }));
    });
  return rows.filter(({ name, limit }) => (limit && !limit.startsWith('not measured')) || name.startsWith('added'));
}

function bench() {
  if (!existsSync(local('BENCHMARKS.md'))) return 'Not measured yet.';
  const page = read('BENCHMARKS.md');
  const about = (name) =>
    page
      .split('\n')
      .map(cellsOf)
      .find(([first]) => first === name)?.[1];
  const rows = quotedRows(page).map((row) => [
    ...[`${row.title}: ${row.name}`, row.median, row.spread, row.unit, row.limit ?? ''],
  ]);
  const machine = `${about('CPU')}, kernel ${about('kernel')?.replace(/ .*/, '')}, Node.js ${about('Node')}`;
  const intro = `Medians with smallest and largest, measured on ${about('date')?.slice(0, 10)} on ${machine}.`;
  const more = '[BENCHMARKS.md](BENCHMARKS.md) has all figures and how they are taken.';
  return `${intro}\n${more}\n\n${table(['measure', 'median', 'min – max', 'unit', 'limit we hold it to'], rows)}`;
}

function kernels() {
  const coverage = 'test/kernels/coverage.json';
  return existsSync(local(coverage)) ? renderCoverage(JSON.parse(read(coverage))) : 'Not seen yet.';
}

/** Marker name → text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export const BLOCKS = {
  options: () => options(),
  pipeline: () => fenced('yaml', 'pipelines/kafka.yaml'),
  recordings: () => fenced('yaml', 'pipelines/file.yaml'),
  config,
  'read-options': () => options(READ),
  'wasm-options': () => options(WASM),
  record,
  sink: () => fenced('ts', 'test/examples/count-by-port.ts'),
  program: () => fenced('ts', 'test/examples/main.ts'),
  bench,
  kernels,
};

/** The text with every block as it has to be. Throws when a marker is missing. */
export function withBlocks(text) {
  return Object.entries(BLOCKS).reduce((before, [name, make]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [from, to] = [before.indexOf(begin), before.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no block ${name}`);
    return `${before.slice(0, from + begin.length)}\n${make()}\n${before.slice(to)}`;
  }, text);
}
