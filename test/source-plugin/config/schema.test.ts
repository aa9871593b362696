import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../../package.json' with { type: 'json' };
import schema from '../../../schemas/config.schema.json' with { type: 'json' };
import { loadConfig } from '../../../source-plugin/config/load.js';

const PIPELINES = fileURLToPath(new URL('../../../pipelines/', import.meta.url));
// Those of other programs don't name our schema.
const examples = readdirSync(PIPELINES).filter(
  (name) => name.endsWith('.yaml') && readFileSync(join(PIPELINES, name), 'utf8').includes('config.schema.json'),
);

test('there is an example', () => {
  expect(examples).toContain('kafka.yaml');
});

test.each(examples)('pipelines/%s is valid by the published schema alone, and loads', (name) => {
  const check = new Ajv({ allowUnionTypes: true, discriminator: true }).compile(schema);
  expect(check(parse(readFileSync(join(PIPELINES, name), 'utf8'))), JSON.stringify(check.errors)).toBe(true);
  expect(Object.keys(loadConfig(join(PIPELINES, name), {}).sinks)).not.toEqual([]);
});

test('the schema is part of the package', () => {
  expect(packageJson.files).toContain('schemas');
});

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly [key: string]: unknown;
}

/** Names of the keys below a node, dotted. */
function keysOf(node: Node, path = ''): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    `${path}${name}`,
    ...keysOf(child, `${path}${name}.`),
  ]);
}

test('keys are nouns in small letters, and a number says its unit', () => {
  const nodes = [schema, ...Object.values(schema.definitions)] as unknown as Node[];
  const keys = nodes.flatMap((node) => keysOf(node));
  expect(keys.filter((key) => !/^[a-z_.]+$/.test(key))).toEqual([]);
  expect(keys).toEqual(expect.arrayContaining(['linger_ms', 'source.ring_bytes', 'registry.token_file']));
});

test('every key is described', () => {
  const undescribed = (node: Node, path: string): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
      ...(child.description ? [] : [`${path}.${name}`]),
      ...undescribed(child, `${path}.${name}`),
    ]);
  const nodes = Object.entries({ whole: schema, ...schema.definitions }) as unknown as [string, Node][];
  expect(nodes.flatMap(([name, node]) => undescribed(node, name))).toEqual([]);
  expect(undescribed({ properties: { a: { properties: { b: {} } } } }, 'file')).toEqual(['file.a', 'file.a.b']);
});

test('a map that has unknown keys is refused wherever it is', () => {
  const open = JSON.stringify(schema, (_key, node) =>
    node?.properties && node.additionalProperties !== false ? { OPEN: Object.keys(node.properties) } : node,
  );
  expect(open).not.toContain('OPEN');
});
