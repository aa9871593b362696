import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { statementsOf } from '../../pipelines/flink/statements.mjs';
import { ROOT } from '../structure/source-files.js';

const FOLDER = join(ROOT, 'pipelines/flink');
const text = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const JOBS = readdirSync(join(FOLDER, 'jobs'));
const tables = statementsOf(text('tables.sql'));

interface Field {
  readonly name: string;
  readonly type: string | { readonly type: string; readonly logicalType: string };
}

const { fields } = JSON.parse(readFileSync(join(ROOT, 'schemas/accept.avsc'), 'utf8')) as {
  readonly fields: readonly Field[];
};

/** What Flink's avro-confluent reads right: no other type of Avro, and timestamp-micros as plain numbers. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  long: 'BIGINT',
  int: 'INT',
  string: 'STRING',
  boolean: 'BOOLEAN',
};

const avroType = ({ type }: Field): string => (typeof type === 'string' ? type : type.type);

/** The statement that makes a table. */
const tableOf = (name: string): string => tables.find((one) => one.startsWith(`CREATE TABLE ${name} (`)) ?? '';

describe('statements', () => {
  test.each([
    ['', []],
    ['-- only; a comment', []],
    ['SELECT 1', ['SELECT 1']],
    ['A;\n B ;', ['A', 'B']],
    ["SELECT ';--', '''; ';B", ["SELECT ';--', '''; '", 'B']],
    ['SELECT `a;b` -- c;\n- 1;', ['SELECT `a;b` \n- 1']],
  ])('of %j', (sql, expected) => {
    expect(statementsOf(sql)).toEqual(expected);
  });
});

describe('tables', () => {
  test('accepts has a column for each field, of the type that Flink reads it right as', () => {
    const columns = [...tableOf('accepts').matchAll(/^ {2}(\w+) (BIGINT|INT|STRING|BOOLEAN),$/gm)];
    expect(columns.map(([, name, type]) => `${name} ${type}`)).toEqual(
      fields.map((field) => `${field.name} ${COLUMN_TYPES[avroType(field)]}`),
    );
  });

  test('all others are tables of Kafka, each with a topic of its own', () => {
    const created = tables.filter((one) => one.startsWith('CREATE TABLE'));
    const topics = created.map((one) => /'topic' = '([a-z-]+)'.*\) LIKE (kafka|registered)$/.exec(one)?.[1]);
    expect(topics).not.toContain(undefined);
    expect(new Set(topics).size).toBe(created.length);
  });

  test('no address is but in cluster.sql', () => {
    const named = (name: string) => /\d+\.\d+\.\d+\.\d+|:\/\/|bootstrap/.test(statementsOf(text(name)).join('\n'));
    expect(named('cluster.sql')).toBe(true);
    expect(['tables.sql', ...JOBS.map((name) => `jobs/${name}`)].filter(named)).toEqual([]);
  });
});

describe.each(JOBS)('%s', (name) => {
  const statements = statementsOf(text(`jobs/${name}`));

  test('says its question, inputs, output and state first', () => {
    const comment = /^(?:--.*\n)+/.exec(text(`jobs/${name}`))?.[0] ?? '';
    expect(comment).toMatch(/^-- [A-Z][^?]*\?\n--\n-- Inputs?: [\s\S]*\n-- Output: [\s\S]*\n-- State: /);
  });

  test('is one INSERT, named as the file, into a table with its columns', () => {
    const inserts = statements.filter((one) => !one.startsWith('SET '));
    expect(inserts).toHaveLength(1);
    expect(statements).toContain(`SET 'pipeline.name' = '${name.replace('.sql', '')}'`);
    const table = /^INSERT INTO (\w+)\n/.exec(inserts[0] ?? '')?.[1] ?? '';
    expect(tableOf(table)).toContain(`'topic' = '${name.replace('.sql', '')}'`);
  });
});

describe('npm run flink', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-flink-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (...args: readonly string[]) => {
    const env = { PATH: folder, HOME: folder };
    return spawnSync(process.execPath, [join(FOLDER, 'start.mjs'), ...args], { env, encoding: 'utf8' });
  };

  test('names what is missing in one line, with the command that installs it', () => {
    const { status, stdout, stderr } = start();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'the local Flink needs a Java runtime of version 17 or later and Maven and openssl: ' +
        'run as root: apt-get install -y --no-install-recommends default-jre-headless maven openssl\n',
    );
  });

  test.each([['--rows', '0'], ['--rows', 'many'], ['--row', '1'], ['no-job'], ['port-scans', 'new-networks']])(
    'refuses %s %s',
    (...args) => {
      const { status, stdout, stderr } = start(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^[^\n]*(number from 1 on|--row|http-accepts)[^\n]*\n$/);
    },
  );
});
