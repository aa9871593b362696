// The run as text: one table for people who run it, and the README's.
import { isTcpacceptSilent, OPTIONS, PATHS, TCPACCEPT_SILENT_SINCE } from './paths.mjs';

const MARKS = { once: '●', none: '○', absent: '–', refused: '–', shown: '●' };
const FAILED = '✗';

const rowText = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(rowText).join('\n');
const milliseconds = (value) => (value === undefined ? '' : `${value} ms`);
const microseconds = (value) => (value === undefined ? '' : `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} µs`);

const mark = ({ passed, seen }) => (passed ? MARKS[seen] : FAILED);

/** The hook that the program takes on a kernel: the first that is not refused there. */
export function bestHook({ cells, hooks }, series) {
  return hooks.find((hook) =>
    cells.some((cell) => cell.series === series && cell.hook === hook && cell.seen === 'once'),
  );
}

function marksOf({ cells, kernels }, row) {
  return kernels.map(({ series }) => {
    const marks = cells.filter((cell) => cell.series === series && cell.row === row).map(mark);
    return marks.join('') || FAILED;
  });
}

function pathRows(run) {
  return PATHS.map(({ name, title, tcpaccept }) => [title, tcpaccept, ...marksOf(run, name)]);
}

function optionRows(run) {
  return OPTIONS.map((name) => [name === 'none' ? 'no option' : `\`${name}\``, 'seen', ...marksOf(run, name)]);
}

function figureRows({ kernels, hooks }) {
  const silent = kernels.map(({ series }) => (isTcpacceptSilent(series) ? '**prints nothing**' : 'prints'));
  return [
    ['tcpaccept itself', '', ...silent],
    ['start-up to header', '', ...kernels.map(({ startMs }) => milliseconds(startMs))],
    ...hooks.map((hook) => [
      `run time per accept, ${hook}`,
      '',
      ...kernels.map(({ programNs }) => microseconds(programNs[hook])),
    ]),
  ];
}

/** The whole matrix, in Markdown. */
export function renderTable(run) {
  const { hooks, kernels } = run;
  const head = ['path or option', 'tcpaccept', ...kernels.map(({ series }) => series)];
  const legend = [
    `${MARKS.once} seen once, every field right   ${MARKS.none} not seen, as it has to be   ${MARKS.absent} kernel has no such path or hook   ${FAILED} failed`,
    `The marks of a cell, from left to right: ${hooks.join(', ')}. An option runs on the kernel's best hook.`,
  ];
  const versions = kernels.map(({ series, release, version }) => `${series}: ${release} (${version})`);
  const body = [...pathRows(run), ...optionRows(run), ...figureRows(run)];
  return [...legend, ...versions, '', table(head, body)].join('\n');
}

/** What failed, a line each. */
export function renderFailures({ cells }) {
  const failed = cells.filter(({ passed }) => !passed);
  return failed.map(({ series, hook, row, problems }) => `${series} ${hook ?? ''} ${row}: ${problems.join('; ')}`);
}

// A hook sees a path on all kernels or on none of them, as far as they have both.
function coverageCell({ cells }, path, hook) {
  const own = cells.filter((cell) => cell.row === path.name && cell.hook === hook);
  const seen = new Set(own.map((cell) => (cell.passed ? cell.seen : FAILED)));
  if (seen.has(FAILED)) return FAILED;
  if (seen.has('once')) return 'yes';
  if (!seen.has('none')) return '';
  return path.none ? 'nothing' : 'no';
}

const code = (text) => `\`${text}\``;

/** The README's part: what each hook sees, and the kernels that showed it. */
export function renderCoverage(run) {
  const { date, hooks, kernels } = run;
  const paths = PATHS.filter(({ name }) => name !== 'counters');
  const rows = paths.map((path) => {
    const since = path.since ? `, kernels from ${path.since}` : '';
    return [`${path.title}${since}`, path.tcpaccept, ...hooks.map((hook) => coverageCell(run, path, hook))];
  });
  const machines = kernels.map((kernel) => {
    const best = bestHook(run, kernel.series);
    return [
      kernel.release,
      kernel.version,
      best ? code(best) : '',
      milliseconds(kernel.startMs),
      microseconds(kernel.programNs[best]),
    ];
  });
  return [
    `Seen on ${date.slice(0, 10)} in guests with these kernels of Debian. tcpaccept 0.31 prints nothing on kernels from ${TCPACCEPT_SILENT_SINCE} on.`,
    '',
    table(['path', 'tcpaccept', ...hooks.map(code)], rows),
    '',
    table(['kernel', 'package', 'hook it takes', 'start-up to header', 'kernel time per accept'], machines),
  ].join('\n');
}
