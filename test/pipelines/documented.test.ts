import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fluentBitFilter } from '../../filter-core/fluent-bit.js';
import { parseCommandLine } from '../../source-plugin/cli/parse.js';
import { FluentBitHost } from '../filter-core/fluent-bit-host.js';
import documented from '../fixtures/peers/documented-keys.json' with { type: 'json' };
import { ROOT } from '../structure/source-files.js';

// Peers that can't be installed here: each key and each value that has a list must be one that they document.

type Settings = Readonly<Record<string, unknown>>;

const text = (name: string): string => readFileSync(join(ROOT, 'pipelines', name), 'utf8');
const { fields } = JSON.parse(readFileSync(join(ROOT, 'schemas/accept.avsc'), 'utf8')) as {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
};
const yaml = (name: string) => parse(text(name)) as Record<string, never>;
const names = fields.map(({ name }) => name);
const EVENT_TIME = '2026-09-21T14:13:20.123456Z';

/** Whether keys are known and values allowed; the tables of one peer by the name of a section. */
function expectDocumented(tables: Settings, section: string, settings: Settings): void {
  const known = tables[section] as readonly string[];
  const unknown = Object.keys(settings).filter((key) => !known.includes(key));
  expect(unknown, section).toEqual([]);
  const values = tables.values as Readonly<Record<string, readonly string[]>>;
  for (const [key, value] of Object.entries(settings)) {
    const allowed = values[`${section}.${key}`];
    if (allowed) expect(allowed, `${section}.${key}`).toContain(value);
  }
}

function nested(tables: Settings, section: string, settings: Record<string, Settings>): void {
  expectDocumented(tables, section, settings);
  for (const [key, value] of Object.entries(settings))
    if (`${section}.${key}` in tables) expectDocumented(tables, `${section}.${key}`, value);
}

describe.each(['vector.yaml', 'opensearch/vector.yaml'])('Vector by %s', (name) => {
  const tables = documented.vector;
  const config = yaml(name) as Record<string, Record<string, Record<string, never>>>;

  test('its keys are documented', () => {
    expectDocumented({ ...tables, values: {} }, 'top', config);
    for (const kind of ['sources', 'transforms', 'sinks'] as const)
      for (const component of Object.values(config[kind] ?? {})) nested(tables, `${kind}.${component.type}`, component);
  });

  test('its inputs are there', () => {
    const outputs = [...Object.keys(config.sources ?? {}), ...Object.keys(config.transforms ?? {})];
    const inputs = [...Object.values(config.transforms ?? {}), ...Object.values(config.sinks ?? {})].flatMap(
      ({ inputs }) => inputs as unknown as string[],
    );
    expect(inputs.filter((input) => !outputs.includes(input))).toEqual([]);
    expect(inputs).toHaveLength(2);
  });

  const source = String(config.transforms?.accept?.source);

  test('its program calls what exists', () => {
    const calls = [...source.matchAll(/\b([a-z_]+)!?\(/g)].map((match) => match[1] ?? '');
    expect(calls.length).toBeGreaterThan(2);
    expect(calls.filter((name) => !tables.functions.includes(name))).toEqual([]);
  });

  test('its time is that of the accept', () => {
    // The sink would put a `timestamp` into the place of @timestamp.
    if (name !== 'vector.yaml') return expect(source).toMatch(/^del\(\.timestamp\)$/m);
    // %+ is RFC 3339 with any fraction (chrono's strftime table).
    expect(source).toContain('.timestamp = parse_timestamp!(.event_time, format: "%+")');
    expect(names).toContain('event_time');
  });
});

interface FluentBit {
  readonly service: Settings;
  readonly parsers: readonly [Settings];
  readonly pipeline: {
    readonly inputs: readonly [Settings];
    readonly filters?: readonly Settings[];
    readonly outputs: readonly [Settings];
  };
}

describe.each([
  ['fluent-bit.yaml', 'event_time'],
  ['opensearch/fluent-bit.yaml', '@timestamp'],
])('Fluent Bit by %s', (name, time) => {
  const tables = documented['fluent-bit'];
  const config = yaml(name) as unknown as FluentBit;
  test('its keys are documented', () => {
    expectDocumented({ ...tables, values: {} }, 'top', config as unknown as Settings);
    expectDocumented(tables, 'pipeline', config.pipeline);
    expectDocumented(tables, 'service', config.service);
    expectDocumented(tables, 'parser', config.parsers[0]);
    expectDocumented(tables, 'exec', config.pipeline.inputs[0]);
    const [output] = config.pipeline.outputs;
    expectDocumented(tables, String(output.name), output);
  });

  test('its format takes our times, all six digits', () => {
    const { time_key: key, time_format: format } = config.parsers[0];
    expect(key).toBe(time);
    // strptime(3), and Fluent Bit's own %L: a fraction of one to nine digits; %z takes Z too.
    const rules: Readonly<Record<string, string>> = {
      '%Y': '\\d{4}',
      '%m': '\\d\\d',
      '%d': '\\d\\d',
      '%H': '\\d\\d',
      '%M': '\\d\\d',
      '%S': '\\d\\d',
      '%L': '(\\d{1,9})',
      '%z': '(?:Z|[+-]\\d{4})',
    };
    const pattern = String(format)
      .replaceAll('.', '\\.')
      .replace(/%./g, (one) => rules[one] ?? '(?!)');
    expect(new RegExp(`^${pattern}$`).exec(EVENT_TIME)?.[1]).toBe('123456');
  });
});

describe('Fluent Bit in its classic format', () => {
  // With the filter, which is commented out.
  const config = parse(text('fluent-bit.yaml').replace(/^ {2}# (?=filters:| {2})/gm, '  ')) as FluentBit;
  const main = text('fluent-bit.conf').replace(/^# (?=\[FILTER\]| {4})/gm, '');
  const classic = [...sectionsOf(main), ...sectionsOf(text('fluent-bit.parsers.conf'))];
  const { parsers_file: parsersFile, ...service } = classic.find(({ kind }) => kind === 'SERVICE')?.settings ?? {};

  test('both forms say the same', () => {
    const settings = (kind: string) => classic.filter((one) => one.kind === kind).map((one) => one.settings);
    const inText = (values: Settings) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v)]));
    expect(service).toEqual(inText(config.service));
    expect(settings('INPUT')).toEqual(config.pipeline.inputs.map(inText));
    expect(settings('FILTER')).toEqual(config.pipeline.filters?.map(inText));
    expect(settings('OUTPUT')).toEqual(config.pipeline.outputs.map(inText));
    expect(settings('PARSER')).toEqual(config.parsers.map(inText));
    expect(parsersFile).toBe('fluent-bit.parsers.conf');
    expect(config.pipeline.inputs[0].parser).toBe(config.parsers[0].name);
  });

  test('the filter is documented, and a function that the module has', async () => {
    const { filters = [], inputs } = config.pipeline;
    expect(filters).toMatchObject([{ event_format: 'json', match: inputs[0].tag }]);
    expectDocumented(documented['fluent-bit'], 'wasm', filters[0] ?? {});
    const host = new FluentBitHost(await fluentBitFilter(), { name: String(filters[0]?.function_name) });
    expect(host.filter('{}')).toEqual({ text: '{}', isSame: true });
  });
});

describe('OpenTelemetry Collector', () => {
  const tables = documented.otelcol;
  const config = yaml('otelcol.yaml') as Record<string, Record<string, Record<string, never> | null>>;
  const kinds = ['receivers', 'exporters', 'connectors', 'extensions'] as const;
  const service = config.service as unknown as {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<Record<string, { readonly receivers: string[]; readonly exporters: string[] }>>;
  };

  test('its keys are documented', () => {
    expectDocumented({ ...tables, values: {} }, 'top', config);
    expectDocumented(tables, 'service', service as unknown as Settings);
    for (const pipeline of Object.values(service.pipelines)) expectDocumented(tables, 'pipeline', pipeline);
    for (const kind of kinds)
      for (const [name, settings] of Object.entries(config[kind] ?? {})) nested(tables, name, settings ?? {});
  });

  test('all that is configured is used, and the other way round', () => {
    const pipelines = Object.values(service.pipelines);
    const used = new Set([
      ...service.extensions,
      ...pipelines.flatMap(({ receivers, exporters }) => [...receivers, ...exporters]),
    ]);
    expect(used).toEqual(new Set(kinds.flatMap((kind) => Object.keys(config[kind] ?? {}))));
    const connector = Object.keys(config.connectors ?? {});
    expect(pipelines.filter(({ exporters }) => connector.every((name) => exporters.includes(name)))).toHaveLength(1);
    expect(pipelines.filter(({ receivers }) => connector.every((name) => receivers.includes(name)))).toHaveLength(1);
    expect(config.receivers?.file_log?.storage).toBe(service.extensions[0]);
  });
});

describe('all of them', () => {
  const files = ['', 'opensearch/']
    .flatMap((folder) => readdirSync(join(ROOT, 'pipelines', folder)).map((name) => folder + name))
    .filter((name) => /\.(ya?ml|conf)$/.test(name));

  test.for(files)('the commands of %s are ours', (name) => {
    const found = [...text(name).matchAll(/\bacceptstream"?,? "?(--format[", ]+\w+)/g)].map((match) => match[1] ?? '');
    for (const one of found) {
      const argv = one.split(/[", ]+/);
      expect(parseCommandLine(argv, '0').kind, one).toBe('run');
    }
    // Configurations of ours name their schema; to run them takes no format.
    const isOwn = text(name).includes('config.schema.json') || name === 'fluent-bit.parsers.conf';
    expect(found.length > 0).toBe(!isOwn);
  });

  test('Telegraf takes every integer as one', () => {
    const listed = [...text('telegraf.conf').matchAll(/^ +(\w+) = "int"$/gm)].map((match) => match[1] ?? '');
    const integers = fields.filter(({ type }) => type === 'int' || type === 'long').map(({ name }) => name);
    expect(listed).toEqual(integers.filter((name) => name !== 'cpu'));
  });
});

/** Sections of Fluent Bit's classic format; keys in lower case, as case does not matter there. */
function sectionsOf(content: string): { readonly kind: string; readonly settings: Record<string, string> }[] {
  return content
    .replace(/^\s*#.*$/gm, '')
    .split(/^\[/m)
    .slice(1)
    .map((section) => {
      const [head = '', ...lines] = section.split('\n');
      const pairs = lines.map((line) => /^\s+(\S+)\s+(.+)$/.exec(line)).filter((match) => match !== null);
      return {
        kind: head.replace(/\].*/, ''),
        settings: Object.fromEntries(pairs.map(([, key = '', value = '']) => [key.toLowerCase(), value])),
      };
    });
}
