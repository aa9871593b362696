// The run as text, for people who run it.
import { CHOICE, isTcpacceptSilent, OPTIONS, PATHS } from './paths.mjs';

const MARKS = { once: '●', counted: '◐', none: '○', absent: '–', refused: '–', shown: '●' };
const FAILED = '✗';

const rowText = (cells) => `| ${cells.join(' | ')} |`;
export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(rowText).join('\n');
export const milliseconds = (value) => (value === undefined ? '' : `${value} ms`);
export const microseconds = (value) =>
  value === undefined ? '' : `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} µs`;

const mark = ({ passed, seen }) => (passed ? MARKS[seen] : FAILED);

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

function choiceRow({ cells, kernels }) {
  const own = (series) => cells.find((cell) => cell.series === series && cell.row === CHOICE);
  return [CHOICE, '', ...kernels.map(({ series }) => (own(series)?.passed ? own(series).seen : FAILED))];
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
    `${MARKS.once} seen once, every field right   ${MARKS.counted} the same, but for what the kernel skipped and counted`,
    `${MARKS.none} not seen, as it has to be   ${MARKS.absent} kernel has no such path or hook   ${FAILED} failed`,
    `The marks of a cell, from left to right: ${hooks.join(', ')}. An option runs on the kernel's best hook.`,
  ];
  const versions = kernels.map(({ series, release, version }) => `${series}: ${release} (${version})`);
  const body = [...pathRows(run), ...optionRows(run), choiceRow(run), ...figureRows(run)];
  return [...legend, ...versions, '', table(head, body)].join('\n');
}

/** What failed, a line each. */
export function renderFailures({ cells }) {
  const failed = cells.filter(({ passed }) => !passed);
  return failed.map(({ series, hook, row, problems }) => `${series} ${hook ?? ''} ${row}: ${problems.join('; ')}`);
}
