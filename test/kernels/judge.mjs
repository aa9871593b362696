// What a guest told, held against what it had to tell: cells that passed or failed.
import { CHOICE, expectation, maySkip, OPTIONS, PATHS } from './paths.mjs';

/** The lines of an agent; what is no line of its own is left out. */
export function parseLines(text) {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

const cellOf = (series, row, hook) => ({ series, row, ...(hook && { hook }) });

/** `counted` when all that a hook did not see, the kernel says it skipped, on a hook where it may. */
function verdict({ seen, missed = 0 }, { path, hook, series }, skipped) {
  const isSkip = maySkip(hook, series) && missed > 0 && missed <= skipped;
  if (path.name === 'counters') return seen === 'once' && missed > 0 ? (isSkip ? 'counted' : 'wrong') : seen;
  return isSkip && expectation(path, hook, series) === 'once' && (seen === 'partly' || seen === 'none')
    ? 'counted'
    : seen;
}

function pathCell(path, hook, series, sights) {
  const expected = expectation(path, hook, series);
  const own = sights.filter((sight) => sight.hook === hook);
  const found = own.filter((sight) => sight.path === path.name);
  const [sight = { seen: 'nothing told', problems: [] }] = found;
  const skipped = own.find((one) => one.path === 'counters')?.missed ?? 0;
  const seen = verdict(sight, { path, hook, series }, skipped);
  const passed = found.length === 1 && (seen === expected || seen === 'counted');
  const missed = sight.missed > 0 ? [`${sight.missed} missed`] : [];
  const problems = passed ? [] : [`${seen}, not ${expected}`, ...missed, ...sight.problems];
  return { ...cellOf(series, path.name, hook), seen, passed, problems };
}

function optionCell(option, series, shown) {
  const found = shown.find((one) => one.option === option);
  const problems = found?.problems ?? ['nothing told'];
  return { ...cellOf(series, option), seen: 'shown', passed: problems.length === 0, problems };
}

/** The hook that the program has to take by itself: the first that the kernel does not refuse. */
function chosenCell(series, lines, hooks) {
  const wanted = hooks.find((hook) => expectation(PATHS[0], hook, series) !== 'refused');
  const hook = lines.find(({ kind }) => kind === 'chosen')?.hook;
  const passed = hook === wanted;
  return { ...cellOf(series, CHOICE), seen: hook, passed, problems: passed ? [] : [`${hook}, not ${wanted}`] };
}

// What went wrong beside the cells: an agent that did not reach its end, hooks and rows that nobody knows here.
function strayCells(series, lines, hooks) {
  const known = new Set(PATHS.map(({ name }) => name));
  const strays = lines
    .filter(({ kind, path, hook }) => kind === 'sight' && !(known.has(path) && hooks.includes(hook)))
    .map(({ path, hook, problems }) => ({ ...cellOf(series, path, hook), passed: false, problems }));
  const ended = lines.some(({ kind }) => kind === 'end');
  const end = { ...cellOf(series, 'the agent’s end'), passed: false, problems: ['the agent did not reach its end'] };
  return ended ? strays : [...strays, end];
}

/** Every cell of a kernel, in the order of the table. */
export function judge(series, lines, hooks) {
  const sights = lines.filter(({ kind }) => kind === 'sight');
  const shown = lines.filter(({ kind }) => kind === 'option');
  return [
    ...PATHS.flatMap((path) => hooks.map((hook) => pathCell(path, hook, series, sights))),
    chosenCell(series, lines, hooks),
    ...OPTIONS.map((option) => optionCell(option, series, shown)),
    ...strayCells(series, lines, hooks),
  ];
}

/** What a guest took and measured: a hook, milliseconds from the program's start to its header, and nanoseconds of kernel program per accept. */
export function figures(lines) {
  const starts = lines.filter(({ kind, startMs }) => kind === 'option' && startMs > 0).map(({ startMs }) => startMs);
  const costs = lines.filter(({ kind, programNs }) => kind === 'cost' && programNs > 0);
  return {
    hook: lines.find(({ kind }) => kind === 'chosen')?.hook,
    // The shortest: in the others the guest's CPU stood still.
    startMs: starts.length > 0 ? Math.round(Math.min(...starts)) : undefined,
    programNs: Object.fromEntries(costs.map(({ hook, programNs }) => [hook, programNs])),
  };
}
