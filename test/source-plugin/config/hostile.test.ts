import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../source-plugin/config/load.js';
import { FOLDER, kafka, problemsOf } from './config-file.js';

/** On a busy machine; what is quadratic takes minutes. */
const AT_ONCE_MS = 15_000;
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

test.each<[string, string]>([
  ['lists in lists', '['.repeat(60_000)],
  ['maps in maps', '{a: '.repeat(15_000)],
  ['dashes', '- '.repeat(30_000)],
  ['question marks', '? '.repeat(30_000)],
  ['unknown keys', many(9_000, (index) => `k${index}:\n`)],
  ['the same key', 'a:\n'.repeat(15_000)],
  ['keys of nothing', '?\n'.repeat(30_000)],
  ['sinks without a type', `sinks:\n${many(5_000, (index) => ` k${index}: {}\n`)}`],
  ['wrong ports', `filter: {ports: [${'x,'.repeat(20_000)}]}`],
  ['aliases', `a: &a 1\nb: [${'*a,'.repeat(20_000)}]`],
  ['anchors', '&a '.repeat(20_000)],
  ['lists of lists by aliases', `${many(9, (i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i && 9)}]\n`)}sinks: *a8\n`],
  ['documents', '---\n'.repeat(15_000)],
  ['a key without end', `${'a'.repeat(60_000)}: 1`],
  ['too much text', kafka(`# ${'x'.repeat(65_536)}`)],
])('%s are refused at once', (_name, text) => {
  const start = performance.now();
  const problems = problemsOf(text);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(101);
  expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
});

test.each([
  ['a file that is not there', 'none.yaml', /^cannot read .*none\.yaml: ENOENT/],
  ['a folder', 'folder', /^cannot read .*folder: EISDIR/],
  ['a name with a control character', 'a\nb\u001b[31m', /^cannot read \P{Cc}*a\?b\?\[31m: ENOENT\P{Cc}*$/u],
  ['a file that never ends', '/dev/zero', /^\/dev\/zero is no configuration: over 65536 bytes$/],
])('%s', (_name, path, message) => {
  mkdirSync(join(FOLDER, 'folder'), { recursive: true });
  const load = () => loadConfig(path.startsWith('/') ? path : join(FOLDER, path), {});
  expect(load).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }));
});

const word = fc.constantFrom(
  ...['sinks', 'source', 'filter', 'k', 'type', 'kafka', 'stdout', 'brokers', 'topic', 'encoding', 'json', 'registry'],
  ...['tls', 'sasl', 'password', 'ca_file', 'null', '1', '~', 'true', '""', 'x:1', '.inf', '0x1F', '2020-01-01', '<<'],
);
const mark = fc.constantFrom(
  ': ',
  '\n',
  '\n  ',
  '\n    ',
  ', ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '&a ',
  '*a',
  '"',
  "'",
  '|\n',
  '? ',
);
const odd = fc.constantFrom(
  '!!binary ',
  '!!set ',
  '!x ',
  `\${A}`,
  `\${B}`,
  '\t',
  '#',
  '%YAML 1.1\n---\n',
  '\u0000',
  '\ud800',
);
const yamlish = fc.array(fc.oneof(word, mark, odd), { maxLength: 40 }).map((parts) => parts.join(''));
const value = fc.jsonValue({ maxDepth: 4 });
const shaped = fc.record(
  {
    source: value,
    filter: value,
    sinks: fc.dictionary(
      fc.string(),
      fc.oneof(value, fc.record({ type: word, tls: value, sasl: value, registry: value, encoding: word })),
    ),
  },
  { requiredKeys: [] },
);

/** problemsOf throws for what is no AcceptstreamError and for a line that does not start with the file's name. */
function check(text: string): void {
  for (const line of problemsOf(text, { A: 'a\nb\u001b' })) expect(line).toMatch(/^:\d+: [^\p{Cc}]+$/u);
}

test('any text is a configuration or refused in lines', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), check), { numRuns: 150 });
});

test('any words of YAML are a configuration or refused in lines', () => {
  fc.assert(fc.property(yamlish, check), { numRuns: 400 });
});

test('any values are a configuration or refused in lines', () => {
  fc.assert(
    fc.property(shaped, (values) => check(JSON.stringify(values))),
    { numRuns: 250 },
  );
});
