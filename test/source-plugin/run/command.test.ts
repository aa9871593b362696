import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from '../../support/program.js';

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([['-h'], ['--help'], ['-h', 'x.yaml']])('run %s prints help', async (...args) => {
  const { code, stdout, stderr } = await runProgram(['run', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: acceptstream run \[-h\] \[--check\] \[--log-level LEVEL\] FILE\.yaml\n/);
});

test.each<[string, ...string[]]>([
  ['give one configuration file'],
  ['give one configuration file', '--check'],
  ['give one configuration file', 'a.yaml', 'b.yaml'],
  ["Unknown option '--chekc'", '--chekc', 'a.yaml'],
  ["Unknown option '-x'", '-x'],
  ["argument --log-level: invalid level 'loud': levels are error, warn, info, debug", '--log-level', 'loud', 'a.yaml'],
  ["Option '--check' does not take an argument", '--check=yes', 'a.yaml'],
])('wrong usage, %s, ends with 2', async (message, ...args) => {
  const { code, stdout, stderr } = await runProgram(['run', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toBe(
    `usage: acceptstream run [-h] [--check] [--log-level LEVEL] FILE.yaml\nacceptstream run: error: ${message}\n`,
  );
});

test.each([[[]], [['--check']]])(
  'a configuration with problems ends with 2 and a line for each: %j',
  async (options) => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, 'source: { ring_byte: 1 }\nsinks:\n  a: { type: stdout, format: jsn }\n');
    const { code, stdout, stderr } = await runProgram(['run', ...options, path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      `acceptstream: ${path}:1: source.ring_byte: unknown key; did you mean ring_bytes?`,
      `acceptstream: ${path}:3: sinks.a.format: must be one of tcpaccept, wide, json, ecs, ocsf, otel; did you mean json?`,
      '',
    ]);
  },
);

test('a file that is not there ends with 2', async () => {
  const { code, stderr } = await runProgram(['run', join(folder, 'no\nne.yaml')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^acceptstream: cannot read \/\S*no\?ne\.yaml: ENOENT[^\n]*\n$/);
});
