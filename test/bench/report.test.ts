import { describe, expect, test } from 'vitest';
import { renderPage, renderText, summarize } from './report.mjs';

const summary = (values: number[], limit = {}) => summarize({ name: 'speed', unit: 'm/s', values, ...limit });

describe('summarize', () => {
  test('gives the median, the spread and the values in their order', () => {
    expect(summary([3, 1, 2])).toEqual({
      name: 'speed',
      unit: 'm/s',
      rounds: 3,
      median: 2,
      min: 1,
      max: 3,
      values: [3, 1, 2],
    });
    expect(summary([4, 1, 3, 2]).median).toBe(2.5);
    expect(summary([100 / 3]).median).toBe(33.333);
  });

  test.each([
    { values: [1, 6, 9], limit: { atLeast: { must: 6 } }, met: true },
    { values: [9, 5.9, 1], limit: { atLeast: { must: 6 } }, met: false },
    { values: [5, 5, 9], limit: { atMost: { must: 5 } }, met: true },
    { values: [5.1, 5.1, 1], limit: { atMost: { must: 5 } }, met: false },
    { values: [0, 0], limit: { atMost: { must: 0 } }, met: true },
    { values: [2, 2], limit: { atLeast: { goal: 2 } }, met: true },
    { values: [1.9, 2], limit: { atLeast: { goal: 2 } }, met: false },
  ])('holds the median of $values against $limit', ({ values, limit, met }) => {
    expect(summary(values, limit).met).toBe(met);
  });
});

const run = {
  date: '2026-11-22T16:00:00.000Z',
  version: '1.2.3',
  machine: { CPU: '2 × fast', Node: 'v20' },
  figures: [
    {
      title: 'Speed',
      method: 'Run with a clock.',
      measures: [summary([1.5, 2.25, 3], { atLeast: { must: 2, goal: 4 } }), summary([-1234.5])],
    },
    {
      title: 'Weight',
      method: 'On a scale.',
      measures: [summary([0.001, 0.0421, 0.02], { atMost: { must: 0.01 } }), summary([1], { atLeast: { goal: 2 } })],
    },
    { title: 'Height', method: 'By eye.', measures: [{ name: 'tree', skipped: 'no tree' }] },
    { title: 'Luck', method: 'By dice.', skipped: 'needs dice' },
  ],
};

test('renderText aligns the measures of all figures', () => {
  expect(renderText(run)).toBe(`acceptstream 1.2.3, 2026-11-22T16:00:00.000Z
CPU: 2 × fast
Node: v20

measure  median      min – max  rounds  unit  limit

Speed
speed      2.25    1.50 – 3.00       3  m/s   ≥ 2, goal 4: met
speed    -1 235                      1  m/s

Weight
speed     0.020  0.001 – 0.042       3  m/s   ≤ 0.01: NOT MET
speed         1                      1  m/s   goal ≥ 2: NOT MET

Height
tree                                          not measured: no tree

Luck
skipped: needs dice
`);
});

test('renderPage has a section with method and table for each figure', () => {
  const page = renderPage(run);
  expect(page).toContain('| CPU | 2 × fast |\n');
  expect(page).toContain(`## Speed

Run with a clock.

| measure | median | min – max | rounds | unit | limit |
| --- | --: | --: | --: | --- | --- |
| speed | 2.25 | 1.50 – 3.00 | 3 | m/s | ≥ 2, goal 4: met |
`);
  expect(page).toContain('| tree |  |  |  |  | not measured: no tree |\n');
  expect(page).toContain('## Luck\n\nNot measured: needs dice.\n');
});
