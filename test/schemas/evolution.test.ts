import { readFileSync } from 'node:fs';
import { Type } from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCore, TEXT_FORMATS } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { anyAccept, drain, encode } from '../filter-core/support.js';
import { acceptOf, acceptType } from '../source-plugin/memory-source.js';

// Every version of the schema that records were written with stays here; today's must read them, and they today's.

const OLD_SCHEMA = JSON.parse(
  readFileSync(new URL('../fixtures/schemas/accept-32-fields.avsc', import.meta.url), 'utf8'),
);
const oldType = Type.forSchema(OLD_SCHEMA);
const ADDED = ['cgroup_path', 'exe', 'container_id', 'entity_id', 'user_name', 'community_id'] as const;
const EMPTY = Object.fromEntries(ADDED.map((name) => [name, '']));

test('fields were added at the end, with defaults, and nothing else changed', () => {
  const today = JSON.parse(readFileSync(new URL('../../schemas/accept.avsc', import.meta.url), 'utf8'));
  const names = (schema: typeof today) => schema.fields.map(({ name }: { name: string }) => name);
  expect(names(today)).toEqual([...names(OLD_SCHEMA), ...ADDED]);
  expect(today.fields.slice(0, 32)).toEqual(OLD_SCHEMA.fields);
  expect(today.fields.slice(32).map((field: { default: unknown }) => field.default)).toEqual(ADDED.map(() => ''));
});

describe('records of the first version', () => {
  test("are read by Avro's own rules with the new fields empty", () => {
    const resolver = acceptType.createResolver(oldType);
    fc.assert(
      fc.property(anyAccept, (record) => {
        const read = acceptType.fromBuffer(oldType.toBuffer(record), resolver);
        expect({ ...read }).toEqual({ ...record, ...EMPTY });
      }),
    );
  });

  test.each(TEXT_FORMATS)('say in %s what a record of today says whose new fields are empty', async (format) => {
    const old = await loadCore({ format, writerSchema: OLD_SCHEMA });
    const today = await loadCore({ format });
    fc.assert(
      fc.property(fc.array(anyAccept, { minLength: 1, maxLength: 8 }), (records) => {
        const emptied = records.map((record) => ({ ...record, ...EMPTY }) as Accept);
        expect(drain(old, encode(records, oldType))).toEqual(drain(today, encode(emptied)));
      }),
      { numRuns: 50 },
    );
  });

  test('unknown is absent in the formats of standards, and empty in json', async () => {
    const text = async (format: (typeof TEXT_FORMATS)[number]) =>
      drain(await loadCore({ format, writerSchema: OLD_SCHEMA }), encode([acceptOf()], oldType)).text;
    expect(await text('json')).toContain('"cgroup_path":"","exe":"","container_id":"","entity_id":"","user_name":""');
    for (const format of ['ecs', 'ocsf', 'otel'] as const)
      expect(await text(format)).not.toMatch(
        /community|container":|container\.id|executable|entity|cgroup_path|"path"/,
      );
  });
});

test('records of today are read by the first version, which passes over what it does not know', () => {
  const resolver = oldType.createResolver(acceptType);
  fc.assert(
    fc.property(anyAccept, (record) => {
      const read = oldType.fromBuffer(acceptType.toBuffer(record), resolver);
      const known = Object.entries(record).filter(([name]) => !(name in EMPTY));
      expect({ ...read }).toEqual(Object.fromEntries(known));
    }),
  );
});
