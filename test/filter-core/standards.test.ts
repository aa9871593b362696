import { isIP } from 'node:net';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCore, type TextFormat } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import ecsDefinition from '../fixtures/standards/ecs.json' with { type: 'json' };
import ocsfSchema from '../fixtures/standards/ocsf.schema.json' with { type: 'json' };
import otelDefinition from '../fixtures/standards/opentelemetry.json' with { type: 'json' };
import otlpSchema from '../fixtures/standards/otlp-logs.schema.json' with { type: 'json' };
import { acceptOf } from '../source-plugin/memory-source.js';
import { drain, encode } from './support.js';

// What the formats write against the standards' own definitions, which the fixtures hold.

const port = fc.integer({ min: 0, max: 65535 });
const count = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const addresses = fc.oneof(
  fc
    .tuple(fc.ipV4(), fc.ipV4())
    .map(([remote_address, local_address]) => ({ ip_version: 4, remote_address, local_address })),
  fc.tuple(fc.ipV4(), fc.ipV4()).map(([remote, local]) => ({
    ip_version: 6,
    remote_address: `::ffff:${remote}`,
    local_address: `::ffff:${local}`,
  })),
  fc.constant({ ip_version: 6, remote_address: '2001:db8::7', local_address: 'fd00::1:2' }),
  fc.constant({ ip_version: 6, remote_address: '::1', local_address: '::1' }),
  fc.tuple(fc.ipV6(), fc.ipV6()).map(([remote_address, local_address]) => ({
    ip_version: 6,
    remote_address,
    local_address,
  })),
  // Another writer's.
  fc.tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.string()).map(([remote_address, local_address]) => ({
    ip_version: 4,
    remote_address,
    local_address,
  })),
  fc.constant({ ip_version: 6, remote_address: 'fe80::1%eth0', local_address: '::ffff:1.2.3.4.5' }),
  fc.constant({ ip_version: 6, remote_address: '0000:0000:0000:0000:0000:0000:255.255.255.255', local_address: '' }),
);

/** Known, or unknown, each by itself. */
const labels = fc.record({
  cgroup_path: fc.constantFrom('', '/', '/system.slice/ssh.service'),
  exe: fc.constantFrom('', '/usr/sbin/sshd', '/tmp/srv (deleted)'),
  container_id: fc.constantFrom('', '3f9c0a7be1d24c55a8b60d9e7f1c2b3a4d5e6f708192a3b4c5d6e7f8091a2b3c'),
  entity_id: fc.constantFrom('', 'd0ee5d0c-3b8f-4a1e-9a6b-0c1f2f3a4b5c:907:4001000000'),
  user_name: fc.constantFrom('', 'www-data'),
  community_id: fc.constantFrom('', '1:LQU9qZlK+B5F3KDmev6m5PMibrg='),
});

/** Records that a capture can make. */
const accept = fc
  .record({
    addresses,
    remote_port: port,
    local_port: port,
    ppid: count,
    netns: count,
    backlog: count,
    rtt_us: count,
    comm: fc.string(),
    labels,
    host: fc.constantFrom('', 'db1'),
    host_id: fc.constantFrom('', '0f3b9c2d4e5a60718293a4b5c6d7e8f9'),
  })
  .map(({ addresses: ends, labels: texts, ...fields }): Accept => acceptOf({ ...fields, ...ends, ...texts }));

async function objectOf(format: TextFormat, record: Accept): Promise<Record<string, unknown>> {
  const { text } = drain(await loadCore({ format }), encode([record]));
  return JSON.parse(Buffer.from(text, 'latin1').toString());
}

/** Members by their dotted names. */
function leaves(object: object, prefix = ''): [string, unknown][] {
  return Object.entries(object).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value, `${prefix}${key}.`)
      : [[prefix + key, value] as [string, unknown]],
  );
}

interface EcsField {
  readonly type: string;
  readonly array?: boolean;
  readonly values?: readonly string[];
  readonly expected?: readonly string[];
}

const ecsFields = new Map<string, EcsField>(Object.entries(ecsDefinition.fields));

const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: (value) => typeof value === 'string',
  long: (value) => Number.isSafeInteger(value),
  ip: (value) => isIP(String(value)) > 0,
  date: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(String(value)),
};

/** What is wrong with a member of an ECS document; undefined when nothing is. */
function ecsProblem([name, value]: [string, unknown]): string | undefined {
  if (name.startsWith('acceptstream.')) return undefined;
  const field = ecsFields.get(name);
  if (field === undefined) return `${name} is no field`;
  if (Array.isArray(value) !== (field.array ?? false)) return `${name} is a list, or should be one`;
  const allowed = field.values ?? field.expected;
  const wrong = [value].flat().find((one) => !FITS[field.type]?.(one) || (allowed && !allowed.includes(String(one))));
  return wrong === undefined ? undefined : `${name}: ${wrong}`;
}

test('every member of an ecs line is a field of the Elastic Common Schema, with its type and values', async () => {
  await fc.assert(
    fc.asyncProperty(accept, async (record) => {
      expect(leaves(await objectOf('ecs', record)).flatMap((member) => ecsProblem(member) ?? [])).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test('the names of our own fields are in a set that ECS has not, and categories have the types they may have', async () => {
  const names = [...ecsFields.keys()];
  expect(names.some((name) => name.startsWith('acceptstream'))).toBe(false);
  const { event } = (await objectOf('ecs', acceptOf())) as { event: { category: ['network']; type: string[] } };
  const expected = ecsDefinition.fields['event.category'].types[event.category[0]];
  expect(event.type.filter((type) => !expected.includes(type))).toEqual([]);
});

test.each([
  ['a name that is none', ['event.knd', 'event']],
  ['a value that is not allowed', ['event.kind', 'accept']],
  ['a number that should be text', ['user.id', 0]],
  ['a list that should be none', ['source.ip', ['192.0.2.1']]],
  ['an address that is none', ['source.ip', 'db1']],
])('the check finds %s', (_name, member) => {
  expect(ecsProblem(member as [string, unknown])).toBeDefined();
});

const ajv = new Ajv({ strict: false, allErrors: true });

describe('ocsf', () => {
  const valid = ajv.compile(ocsfSchema);

  test('every line is a Network Activity of OCSF', async () => {
    await fc.assert(
      fc.asyncProperty(accept, async (record) => {
        valid(await objectOf('ocsf', record));
        expect(valid.errors ?? []).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('its numbers belong together', async () => {
    const line = await objectOf('ocsf', acceptOf());
    expect(line.type_uid).toBe(Number(line.class_uid) * 100 + Number(line.activity_id));
    expect(line).toMatchObject({ metadata: { version: '1.8.0' }, time: 1_790_000_000_123 });
  });

  test.each([
    ['an attribute that is none', { port: 1 }],
    ['another number', { severity_id: 7 }],
    ['a port as text', { src_endpoint: { ip: '192.0.2.1', port: '22' } }],
    ['an endpoint without an address', { dst_endpoint: { port: 22 } }],
  ])('the check finds %s', async (_name, wrong) => {
    expect(valid({ ...(await objectOf('ocsf', acceptOf())), ...wrong })).toBe(false);
  });
});

describe('otel', () => {
  const valid = ajv.compile(otlpSchema);
  const known = new Map<string, { type: string; values?: readonly string[]; deprecated?: boolean }>(
    Object.entries(otelDefinition.attributes),
  );
  type Attribute = { key: string; value: Record<string, unknown> };
  const KEYS: Readonly<Record<string, string>> = { string: 'stringValue', int: 'intValue', boolean: 'boolValue' };

  function problem({ key, value }: Attribute): string | undefined {
    if (key.startsWith('acceptstream.')) return undefined;
    const { type, values, deprecated } = known.get(key) ?? { type: '' };
    const [kind, content] = Object.entries(value)[0] ?? [];
    if (kind !== KEYS[type] || deprecated) return `${key} is no attribute of that type`;
    return values === undefined || values.includes(String(content)) ? undefined : `${key}: ${content}`;
  }

  test('every line is LogsData of OTLP, with attributes of the semantic conventions or our own', async () => {
    await fc.assert(
      fc.asyncProperty(accept, async (record) => {
        const line = await objectOf('otel', record);
        valid(line);
        expect(valid.errors ?? []).toEqual([]);
        const attributes: Attribute[] = [];
        JSON.stringify(line, (_key, value) => {
          if (value?.key !== undefined) attributes.push(value);
          return value;
        });
        expect(attributes.length).toBeGreaterThan(20);
        expect(attributes.flatMap((attribute) => problem(attribute) ?? [])).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('the checks find what is wrong', () => {
    expect(problem({ key: 'client.port', value: { stringValue: '22' } })).toBeDefined();
    expect(problem({ key: 'client.adress', value: { stringValue: '192.0.2.1' } })).toBeDefined();
    expect(problem({ key: 'network.type', value: { stringValue: 'ip' } })).toBeDefined();
    expect(valid({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: 1 }] }] }] })).toBe(false);
  });
});
