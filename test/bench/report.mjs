// What a run found, for people and for machines. A measure is {name, unit, values, atLeast?, atMost?}: a value per
// round, and the limits {must?, goal?} that its median is held against; or {name, skipped}, with the reason.

const significant = (value) => Number(value.toPrecision(5));

function medianOf(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function isMet(median, { atLeast, atMost }) {
  if (atLeast) return median >= (atLeast.must ?? atLeast.goal);
  return atMost ? median <= (atMost.must ?? atMost.goal) : undefined;
}

/** The measure with its median, smallest and largest value, and whether it is within its limit. */
export function summarize({ values, ...measure }) {
  if (measure.skipped) return measure;
  const sorted = values.toSorted((a, b) => a - b);
  const median = significant(medianOf(sorted));
  const met = isMet(median, measure);
  return {
    ...measure,
    rounds: values.length,
    median,
    min: significant(sorted[0]),
    max: significant(sorted.at(-1)),
    values: values.map(significant),
    ...(met === undefined ? {} : { met }),
  };
}

/** Digits behind the point that all numbers of a measure have. */
function digitsOf({ values, median }) {
  const size = Math.abs(median);
  if (values.every(Number.isInteger) || size >= 1000) return 0;
  return size >= 100 ? 1 : size >= 1 ? 2 : 3;
}

function numberText(value, digits) {
  const text = value.toFixed(digits);
  return digits === 0 ? text.replace(/\B(?=(\d{3})+$)/g, ' ') : text;
}

function limitText({ atLeast, atMost, met }) {
  const limit = atLeast ?? atMost;
  if (!limit) return '';
  const { must, goal } = limit;
  const sign = atLeast ? '≥' : '≤';
  const first = must === undefined ? `goal ${sign} ${goal}` : `${sign} ${must}`;
  const second = must === undefined || goal === undefined ? '' : `, goal ${goal}`;
  return `${first}${second}: ${met ? 'met' : 'NOT MET'}`;
}

const COLUMNS = ['measure', 'median', 'min – max', 'rounds', 'unit', 'limit'];

function cellsOf(measure) {
  if (measure.skipped) return [measure.name, '', '', '', '', `not measured: ${measure.skipped}`];
  const { name, median, min, max, rounds, unit } = measure;
  const digits = digitsOf(measure);
  const spread = rounds > 1 ? `${numberText(min, digits)} – ${numberText(max, digits)}` : '';
  return [name, numberText(median, digits), spread, String(rounds), unit, limitText(measure)];
}

function tableLines(rows) {
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at >= 1 && at <= 3 ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd(),
  );
}

/** The run as text for a terminal. */
export function renderText({ date, version, machine, figures }) {
  const rows = figures.map(({ measures }) => (measures ?? []).map(cellsOf));
  const lines = tableLines([COLUMNS, ...rows.flat()]);
  const head = lines.shift();
  const parts = figures.map(({ title, skipped, measures }) => {
    const body = skipped ? [`skipped: ${skipped}`] : lines.splice(0, measures.length);
    return ['', title, ...body].join('\n');
  });
  const about = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  return `${[`acceptstream ${version}, ${date}`, ...about, '', head, ...parts].join('\n')}\n`;
}

const rowText = (cells) => `| ${cells.join(' | ')} |`;

function sectionText({ title, method, measures, skipped }) {
  if (skipped) return `## ${title}\n\nNot measured: ${skipped}.\n`;
  const rule = COLUMNS.map((_, at) => (at >= 1 && at <= 3 ? '--:' : '---'));
  const table = [COLUMNS, rule, ...measures.map(cellsOf)].map(rowText).join('\n');
  return `## ${title}\n\n${method}\n\n${table}\n`;
}

const INTRODUCTION = `Made by \`npm run bench -- --write\`; no figure on this page was typed by hand. Each measure is the median of its rounds
with the smallest and the largest; a limit is held against the median. What is compared was measured in turns in the
same run. They are figures of one machine: compare ratios, and run it on yours.`;

/** The run as the page BENCHMARKS.md. */
export function renderPage({ date, version, machine, figures }) {
  const about = [['acceptstream', version], ['date', date], ...Object.entries(machine)];
  const table = [['', ''], ['---', '---'], ...about].map(rowText).join('\n');
  return ['# Benchmarks\n', `${INTRODUCTION}\n`, `${table}\n`, ...figures.map(sectionText)].join('\n');
}
