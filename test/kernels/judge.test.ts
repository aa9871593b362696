import { describe, expect, test } from 'vitest';
import { HOOKS } from '../../native/hooks.js';
import { coverageOf, coverageText, renderCoverage } from './coverage.mjs';
import { figures, judge, parseLines } from './judge.mjs';
import { expectation, OPTIONS, PATHS } from './paths.mjs';
import { renderFailures, renderTable } from './table.mjs';

interface Line {
  readonly kind: string;
  readonly path?: string;
  readonly hook?: string;
  readonly seen?: string;
  readonly option?: string;
  readonly problems?: readonly string[];
  readonly startMs?: number;
  readonly programNs?: number;
}

const ACCEPT = PATHS[0] as (typeof PATHS)[number];

const sight = (series: string, path: (typeof PATHS)[number], hook: string): Line => ({
  kind: 'sight',
  path: path.name,
  hook,
  seen: expectation(path, hook, series),
  problems: [],
});

/** What the agent of a guest tells in which all is as it has to be. */
function goodLines(series: string): Line[] {
  const [first = ''] = HOOKS.filter((hook) => expectation(ACCEPT, hook, series) !== 'refused');
  return [
    ...PATHS.flatMap((path) => HOOKS.map((hook) => sight(series, path, hook))),
    { kind: 'cost', hook: first, programNs: 2345 },
    { kind: 'chosen', hook: first },
    ...OPTIONS.map((option) => ({ kind: 'option', option, problems: [], startMs: 1234.4 })),
    { kind: 'end' },
  ];
}

const failed = (lines: readonly Line[]) => renderFailures({ cells: judge('6.1', lines, HOOKS) });

/** The lines with one of them, which the path `efault` of the last hook tells, as given. */
const changed = (change: Partial<Line>): Line[] =>
  goodLines('6.1').map((line) =>
    line.path === 'efault' && line.hook === 'tp_btf:sys_exit' ? { ...line, ...change } : line,
  );

describe('what has to be seen', () => {
  test.each([
    ['accept', 'fentry:__inet_accept', '5.10', 'refused'],
    ['accept', 'kprobe:__inet_accept', '6.1', 'once'],
    ['accept', 'kprobe:security_sock_graft', '5.10', 'once'],
    ['blocked', 'tp_btf:sys_exit', '7.3', 'once'],
    ['uring', 'tracepoint:sys_exit_accept', '6.12', 'none'],
    ['uring', 'fentry:security_sock_graft', '5.10', 'once'],
    ['uring-multishot', 'fentry:security_sock_graft', '5.10', 'absent'],
    ['efault', 'tp_btf:sys_exit', '6.18', 'none'],
    ['efault', 'kprobe:__inet_accept', '6.18', 'once'],
    ['mptcp', 'tp_btf:sys_exit', '6.1', 'once'],
    ['mptcp', 'tp_btf:sys_exit', '5.10', 'absent'],
    ['emfile', 'fentry:__inet_accept', '7.2', 'none'],
    ['compat', 'kprobe:__inet_accept', '5.10', 'refused'],
    ['compat', 'tp_btf:sys_exit', '6.1', 'none'],
    ['accept', 'fentry:security_sock_graft', 'arm64-6.1', 'refused'],
    ['accept', 'kprobe:security_sock_graft', 'arm64-6.1', 'once'],
    ['accept', 'fentry:security_sock_graft', 'arm64-7.3', 'once'],
    ['mptcp', 'tp_btf:sys_exit', 'arm64-6.1', 'once'],
  ])('of %s on %s in %s: %s', (name, hook, series, wanted) => {
    const path = PATHS.find((one) => one.name === name) as (typeof PATHS)[number];
    expect(expectation(path, hook, series)).toBe(wanted);
  });
});

describe('judge', () => {
  test.each(['5.10', '6.1', '7.3', 'arm64-6.1'])(
    'passes what is as it has to be in %s, a cell for everything',
    (series) => {
      const cells = judge(series, goodLines(series), HOOKS);
      expect(renderFailures({ cells })).toEqual([]);
      expect(cells).toHaveLength(PATHS.length * HOOKS.length + OPTIONS.length + 1);
    },
  );

  test.each<[string, Line[], string]>([
    ['more than a hook can see', changed({ seen: 'once' }), 'efault: once, not none'],
    ['a field that is wrong', changed({ seen: 'wrong', problems: ['pid: 1, not 2'] }), 'pid: 1, not 2'],
    ['a path that nobody told of', changed({ kind: 'lost' }), 'efault: nothing told, not none'],
    ['a path told of twice', [...goodLines('6.1'), ...changed({}).filter(({ path }) => path === 'efault')], 'efault'],
    ['a path that is not known', [...goodLines('6.1'), { kind: 'sight', path: 'new', hook: 'x', problems: [] }], 'new'],
    ['an option', [...goodLines('6.1').filter(({ option }) => option !== '-4')], '-4: nothing told'],
    [
      'another hook taken',
      goodLines('6.1').map((line) => ({ ...line, ...(line.kind === 'chosen' && { hook: 'tp_btf:sys_exit' }) })),
      'tp_btf:sys_exit, not fentry:__inet_accept',
    ],
    ['an agent that did not end', goodLines('6.1').slice(0, -1), 'did not reach its end'],
  ])('fails %s', (_, lines, wanted) => {
    const failures = failed(lines);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.join('\n')).toContain(wanted);
  });

  test('fails everything of a guest that told nothing', () => {
    const cells = judge('6.1', [], HOOKS);
    expect(cells.filter(({ passed }) => passed)).toEqual([]);
  });

  test.each([
    ['tp_btf:sys_exit', '6.18', 2, 3, 'counted', true],
    ['tp_btf:sys_exit', '6.18', 4, 3, 'partly', false],
    ['tp_btf:sys_exit', '6.12', 2, 3, 'partly', false],
    ['fentry:__inet_accept', '6.18', 2, 3, 'partly', false],
  ])('holds what %s in %s missed, %i, against the %i that the kernel counted: %s', (hook, series, ...rest) => {
    const [missed, counted, seen, passed] = rest;
    const lines = goodLines(series).map((line) => {
      if (line.hook !== hook) return line;
      if (line.path === 'counters') return { ...line, missed: counted };
      return line.path === 'parked' ? { ...line, seen: 'partly', missed } : line;
    });
    const cell = judge(series, lines, HOOKS).find((one) => one.row === 'parked' && one.hook === hook);
    expect(cell).toMatchObject({ seen, passed });
  });

  test('reads whole lines and no others', () => {
    expect(parseLines('{"kind":"end"}\n{"kind":"si')).toEqual([{ kind: 'end' }]);
  });
});

function runOf(series: readonly string[]) {
  const kernel = (name: string) => ({ series: name, release: `${name}.0`, version: `${name}.0-1`, seconds: 1 });
  return {
    date: '2026-11-22T16:00:00.000Z',
    hooks: HOOKS,
    kernels: series.map((name) => ({ ...kernel(name), ...figures(goodLines(name)) })),
    cells: series.flatMap((name) => judge(name, goodLines(name), HOOKS)),
  };
}

describe('the tables', () => {
  test('of a run name kernels and mark every hook of a cell', () => {
    const text = renderTable(runOf(['5.10', '6.12']));
    expect(text).toContain('5.10: 5.10.0 (5.10.0-1)');
    expect(text).toContain('| io_uring | seen | –●–●○○ | ●●●●○○ |');
    expect(text).toContain('| io_uring, multishot | seen | –––––– | ●●●●○○ |');
    expect(text).toContain('| hook it takes |  | fentry:security_sock_graft | fentry:__inet_accept |');
    expect(text).toContain('| tcpaccept itself |  | prints | **prints nothing** |');
    expect(text).toContain('| start-up to header |  | 1234 ms | 1234 ms |');
  });

  test('of a run show what failed', () => {
    const run = runOf(['6.1']);
    const cells = run.cells.map((cell) => (cell.row === 'uring' ? { ...cell, passed: false } : cell));
    expect(renderTable({ ...run, cells })).toContain('| io_uring | seen | ✗✗✗✗✗✗ |');
  });

  test('of the README say what each hook sees', () => {
    const text = renderCoverage(JSON.parse(coverageText(coverageOf(runOf(['5.10', '6.12'])))));
    expect(text).toContain('| io_uring, multishot (Linux 5.19 on) | seen | yes | yes | yes | yes | **no** | **no** |');
    expect(text).toContain(
      '| EMFILE: nothing to see | none | nothing | nothing | nothing | nothing | nothing | nothing |',
    );
    expect(text).toContain('| 5.10.0 | 5.10.0-1 | `fentry:security_sock_graft` | 1234 ms | 2.3 µs |');
  });
});
