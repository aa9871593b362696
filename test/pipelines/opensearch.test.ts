import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { typesOf } from '../peers/opensearch/client.js';
import { ROOT } from '../structure/source-files.js';

interface Row {
  readonly field: string;
  readonly ecs: string | null;
  readonly form?: string;
}

const json = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
const mapping = json('schemas/mapping.json');
const schema = json('schemas/accept.avsc') as { fields: { name: string; type: string | { logicalType: string } }[] };
const template = json('pipelines/opensearch/template.json');

/** What a field's values are to an index. Digits in quotes are names, not numbers, as are all other forms. */
const INDEXED: Readonly<Record<string, string>> = {
  int: 'long',
  long: 'long',
  string: 'keyword',
  boolean: 'boolean',
  'timestamp-micros': 'date_nanos',
};

function expectedTypes(): [string, string][] {
  const natural = (mapping.fields as Row[]).map(({ field, ecs }): [string, string] => {
    const path = ecs ?? `acceptstream.${field}`;
    const type = schema.fields.find(({ name }) => name === field)?.type ?? '';
    const form: string | undefined = mapping.forms.ecs[path];
    if (form !== undefined) return [path, form === 'ip' ? 'ip' : 'keyword'];
    return [path, INDEXED[typeof type === 'string' ? type : type.logicalType] ?? ''];
  });
  const constants = Object.keys(mapping.constants.ecs).map((path): [string, string] => [path, 'keyword']);
  const derived = (mapping.derived.rows as Row[]).flatMap(({ form, ecs }): [string, string][] =>
    ecs === null ? [] : [[ecs, form === 'addresses' ? 'ip' : 'keyword']],
  );
  return [...natural, ...constants, ...derived];
}

test('the template has every name of the format ecs, with its type, and no other', () => {
  const found = [...typesOf(template.template.mappings.properties)];
  expect(found.sort()).toEqual(expectedTypes().sort());
  expect(found.length).toBeGreaterThan(50);
});

test('the template lets a document with a field or a text that is too much for it in', () => {
  expect(template.template.mappings.dynamic).toBe(false);
  // Lucene refuses terms of over 32766 bytes, and with them the document.
  const keywords = JSON.stringify(template).match(/\{[^{}]*"keyword"[^{}]*\}/g) ?? [];
  expect(new Set(keywords)).toEqual(new Set(['{"type":"keyword","ignore_above":1024}']));
});
