import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ACCEPT_FIELDS } from '../../schemas/accept.js';

const PATH = fileURLToPath(new URL('../../schemas/mapping.json', import.meta.url));
const { fields }: { fields: Record<string, string | null>[] } = JSON.parse(readFileSync(PATH, 'utf8'));

const NAMES = ['tcpaccept', 'ecs', 'ocsf', 'opentelemetry'];

test('every field of the schema has one row, in the order of the schema', () => {
  expect(fields.map(({ field }) => field)).toEqual(ACCEPT_FIELDS.map(({ name }) => name));
});

test('every row says of every standard what the field is there, or null', () => {
  expect(fields.map((row) => Object.keys(row))).toEqual(fields.map(() => ['field', ...NAMES]));
  const names = fields.flatMap((row) => NAMES.slice(1).map((name) => row[name]));
  expect(names.filter((name) => name !== null && !/^@?[a-z_]+(\.[a-z_]+)*$/.test(String(name)))).toEqual([]);
});

test('the columns are those of tcpaccept, each once', () => {
  const columns = fields.flatMap((row) => row.tcpaccept ?? []);
  expect(columns.sort()).toEqual('COMM IP LADDR LPORT PID RADDR RPORT TIME TIME(s)'.split(' '));
});

test.for(NAMES.slice(1, 3))('no two fields are the same one in %s', (standard) => {
  const names = fields.flatMap((row) => row[standard] ?? []);
  expect(names.length).toBeGreaterThan(10);
  expect(new Set(names).size).toBe(names.length);
});
