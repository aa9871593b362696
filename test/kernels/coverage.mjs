// What a run in which nothing failed leaves behind: coverage.json, and the README's tables of it.
import { PATHS, TCPACCEPT_SILENT_SINCE } from './paths.mjs';
import { microseconds, milliseconds, table } from './table.mjs';

/** The run as it is kept: of each kernel its figures, and by path what each hook saw. */
export function coverageOf({ date, hooks, kernels, cells }) {
  const seenOf = (series, { name }) =>
    cells.filter((cell) => cell.series === series && cell.row === name).map(({ seen }) => seen);
  const pathsOf = (series) => Object.fromEntries(PATHS.map((path) => [path.name, seenOf(series, path)]));
  return { date, hooks, kernels: kernels.map((kernel) => ({ ...kernel, paths: pathsOf(kernel.series) })) };
}

const LIST_WIDTH = 100;

/** As the formatter of this repository has it: lists on one line where they fit. */
export function coverageText(coverage) {
  const text = JSON.stringify(coverage, null, 2);
  const lists = /\[\s+("[^\]{}]*")\s+\]/g;
  const folded = text.replace(lists, (whole, list) => {
    const line = `[${list.replace(/\s+/g, ' ')}]`;
    return line.length > LIST_WIDTH ? whole : line;
  });
  return `${folded}\n`;
}

// A hook sees a path on all kernels or on none of them, as far as they have both.
function answer({ kernels }, path, at) {
  const seen = new Set(kernels.map(({ paths }) => paths[path.name]?.[at]));
  if (seen.has('counted')) return 'yes, or counted as missed';
  if (seen.has('once')) return 'yes';
  if (!seen.has('none')) return '';
  return path.none ? 'nothing' : '**no**';
}

const code = (text) => `\`${text}\``;

function pathRows(coverage) {
  // A path that is newer than the run is not in it.
  const isIn = ({ name }) => name !== 'counters' && coverage.kernels.some((kernel) => name in kernel.paths);
  const paths = PATHS.filter(isIn);
  return paths.map((path) => {
    const since = path.since ? ` (Linux ${path.since} on)` : '';
    return [`${path.title}${since}`, path.tcpaccept, ...coverage.hooks.map((_, at) => answer(coverage, path, at))];
  });
}

function kernelRows({ kernels }) {
  return kernels.map(({ release, version, hook, startMs, programNs }) => [
    release,
    version,
    code(hook),
    milliseconds(startMs),
    microseconds(programNs[hook]),
  ]);
}

/** The README's part: what each hook sees, and the kernels that showed it. */
export function renderCoverage(coverage) {
  const { date, hooks } = coverage;
  return [
    `Seen on ${date.slice(0, 10)}, each accept once and with every field right. What is bold, tcpaccept or a hook misses.`,
    `tcpaccept 0.31 prints nothing at all on kernels from ${TCPACCEPT_SILENT_SINCE} on.`,
    '',
    table(['accept', 'tcpaccept', ...hooks.map(code)], pathRows(coverage)),
    '',
    'In an emulator everything takes many times as long as on a machine:',
    '',
    table(['kernel', 'package', 'hook it takes', 'start-up to header', 'kernel time per accept'], kernelRows(coverage)),
  ].join('\n');
}
