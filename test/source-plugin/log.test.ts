import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Counters } from '../../native/index.js';
import type { LiveSource } from '../../source-plugin/live.js';
import { LOG_LEVELS, log, setLogLevel } from '../../source-plugin/log.js';
import { LossReport } from '../../source-plugin/loss.js';

let said = '';

beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  setLogLevel('warn');
});

const tellAll = () => {
  for (const level of LOG_LEVELS) log[level](level);
};

test('the level is warn until it is set', () => {
  tellAll();
  expect(said).toBe('acceptstream: error\nacceptstream: warn\n');
});

test.for(LOG_LEVELS)('%s tells those before it and no later ones', (level) => {
  setLogLevel(level);
  tellAll();
  const told = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  expect(said).toBe(told.map((name) => `acceptstream: ${name}\n`).join(''));
});

test('each line of a message is a line, and nothing in it is a control', () => {
  log.error('one\ntwo\x1b[2J\r');
  expect(said).toBe('acceptstream: one\nacceptstream: two?[2J?\n');
});

test.for(LOG_LEVELS)("losses are told in tcpaccept's words: %s", (level) => {
  setLogLevel(level);
  const counters = { lost: 3, missed: 1 } as { lost: number; missed: number };
  const report = new LossReport({ counters: () => counters as Counters } as LiveSource);
  report.print();
  report.print();
  counters.lost = 5;
  report.print();
  expect(said).toBe('Possibly lost 3 samples\nPossibly missed 1 samples\nPossibly lost 2 samples\n');
});

test('what a command was asked to find out is told at every level', () => {
  setLogLevel('error');
  log.report('a: topic accepts');
  expect(said).toBe('acceptstream: a: topic accepts\n');
});
