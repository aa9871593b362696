import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { line } from '../reference/json.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf, typeOf } from './support.js';

const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

/** JSON.stringify escapes some controls by letter; both forms say the same, so values are compared. */
const parsed = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row));

async function jsonOf(records: readonly Accept[]): Promise<string> {
  return utf8(drain(await loadCore({ format: 'json' }), encode(records)).text);
}

test('any record says what plain TypeScript says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAccept, { minLength: 1, maxLength: 8 }), async (records) => {
      const text = await jsonOf(records);
      expect(parsed(text)).toEqual(parsed(records.map(line).join('')));
      expect(text.split('\n')).toHaveLength(records.length + 1);
    }),
    { numRuns: 300 },
  );
});

test('an ordinary record is the same text, byte for byte', async () => {
  const record = acceptOf({ event_time: 1_795_365_901_000_042, process_start: -1, comm: 'nginx "a" \\ café' });
  expect(await jsonOf([record])).toBe(line(record));
  expect(await jsonOf([record])).toContain('"event_time":"2026-11-22T16:45:01.000042Z"');
  expect(await jsonOf([record])).toContain('"process_start":null');
});

test.each([
  ['the epoch', 0, '1970-01-01T00:00:00.000000Z'],
  ['a microsecond before the epoch is unknown', -1, null],
  ['two before it', -2, '1969-12-31T23:59:59.999998Z'],
  ['a leap day', 951_782_400_000_000, '2000-02-29T00:00:00.000000Z'],
  ['no leap day in 1900', -2_203_891_200_000_000, '1900-03-01T00:00:00.000000Z'],
  ['the end of a year', 1_798_761_599_999_999, '2026-12-31T23:59:59.999999Z'],
])('%s', async (_name, event_time, expected) => {
  const [record] = parsed(await jsonOf([acceptOf({ event_time })])) as Accept[];
  expect(record?.event_time).toBe(expected);
});

test('every byte that is no UTF-8 becomes one U+FFFD', async () => {
  const type = typeOf(recordOf(['comm', 'bytes']));
  const core = await loadCore({ format: 'json', writerSchema: recordOf(['comm', 'bytes']) });
  const datums = Buffer.concat(
    [
      [0xff, 0x61],
      [0xc3, 0x28],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0x98],
      [0x00, 0x1f, 0x7f],
    ].map((comm) => type.toBuffer({ comm: Buffer.from(comm) })),
  );
  const comms = parsed(utf8(drain(core, datums).text)).map((record) => (record as Accept).comm);
  expect(comms).toEqual(['\ufffda', '\ufffd(', '\ufffd\ufffd\ufffd', '\ufffd\ufffd\ufffd', '\0\u001f\u007f']);
});

test.each(['json', 'ecs', 'ocsf', 'otel'] as const)(
  '%s: what a terminal obeys, or some take for a line end, is escaped',
  async (format) => {
    const comm = '\u001b\u009bé\u007f\u0080\u00a0\u2028\u2029\u202a\u203f';
    const text = utf8(drain(await loadCore({ format }), encode([acceptOf({ comm })])).text);
    expect(text).toContain('\\u001b\\u009bé\\u007f\\u0080\u00a0\\u2028\\u2029\u202a\u203f"');
    expect(text.match(/[\x7f-\x9f\u2028\u2029]/)).toBeNull();
  },
);

test('longs are exact, also past what a double holds', async () => {
  const type = typeOf(recordOf(['cgroup_id', 'string']));
  expect(type).toBeDefined();
  const bytes = Buffer.from('ffffffffffffffffff01feffffffffffffffff01', 'hex');
  const core = await loadCore({ format: 'json', writerSchema: recordOf(['cgroup_id', 'long'], ['netns', 'long']) });
  const text = drain(core, bytes).text;
  expect(text).toContain('"netns":9223372036854775807');
  expect(text).toContain('"cgroup_id":-9223372036854775808');
});

test('a datum too long for a line is malformed, and those before it are written', async () => {
  const core = await loadCore({ format: 'json' });
  const bytes = encode([acceptOf({ comm: 'short' }), acceptOf({ comm: 'x'.repeat(40_000) })]);
  core.input.set(bytes);
  const portions = core.portions(bytes.length);
  expect(portions.next().value?.records).toBe(1);
  expect(() => portions.next()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});
