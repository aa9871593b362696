import avro, { type Type } from 'avsc';
import fc from 'fast-check';
import { type Core, type CoreOptions, loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import { acceptType } from '../source-plugin/memory-source.js';
import { commText } from '../support/expected.js';

// avsc's long type is exact up to here.
const LONG_MAX = 2 ** 52 - 1;

/** Offsets from UTC that change at noon and midnight of 1 January 1970, and never else. */
export const NOON = 43_200_000_000;
export const ZONES = [
  { from: Number.NEGATIVE_INFINITY, until: 0, offsetSeconds: -12_345 },
  { from: 0, until: NOON, offsetSeconds: 3600 },
  { from: NOON, until: Number.POSITIVE_INFINITY, offsetSeconds: 50_400 },
];

export function zoneAt(instant: number): (typeof ZONES)[number] {
  const zone = ZONES.find(({ from, until }) => from <= instant && instant < until);
  if (zone === undefined) throw new Error(`no zone at ${instant}`);
  return zone;
}

export const encode = (records: readonly object[], type: Type = acceptType) =>
  Buffer.concat(records.map((record) => type.toBuffer(record)));

/** Everything a core makes of some bytes, as latin1, in which a byte is a character. */
export function drain(core: Core, bytes: Uint8Array): { text: string; records: number } {
  core.input.set(bytes);
  let text = '';
  let records = 0;
  for (const portion of core.portions(bytes.length)) {
    text += Buffer.from(portion.bytes).toString('latin1');
    records += portion.records;
  }
  return { text, records };
}

/** Text of datums of another writer, through a core of its own. */
export async function textOf(bytes: Uint8Array, options: Partial<CoreOptions> = {}): Promise<string> {
  return drain(await loadCore({ format: 'tcpaccept', ...options }), bytes).text;
}

/** A record schema from pairs of name and type. */
export const recordOf = (...fields: readonly (readonly [string, unknown])[]) => ({
  type: 'record' as const,
  name: 'Accept',
  namespace: 'acceptstream',
  fields: fields.map(([name, type]) => ({ name, type: type as 'long' })),
});

export const typeOf = (schema: ReturnType<typeof recordOf>) => avro.Type.forSchema(schema);

const comm = fc.oneof(
  fc.constantFrom(
    'nginx',
    'http-nio-8080-A',
    'café-srv',
    'abcdefghijk\u00e9z',
    '',
    'a\nb',
    'e\x1b[31mred',
    '\u0085\u009f',
    'a\u2028b\u061c\u202ec',
  ),
  fc.uint8Array({ min: 1, maxLength: 15 }).map(commText),
  fc.string({ unit: 'binary', maxLength: 15 }),
);

const address = fc.oneof(
  { weight: 6, arbitrary: fc.ipV4() },
  { weight: 4, arbitrary: fc.ipV6() },
  { weight: 2, arbitrary: fc.ipV4().map((text) => `::ffff:${text}`) },
  { weight: 1, arbitrary: fc.constant('2001:db8:1111:2222:3333:4444:5555:6666') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 200, maxLength: 2000 }) },
);

const port = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 65535 }) },
  { weight: 1, arbitrary: fc.integer() },
);

const VALUES = {
  boolean: fc.boolean(),
  int: fc.oneof(fc.nat({ max: 300 }), fc.integer()),
  long: fc.oneof(
    fc.nat({ max: 300 }),
    fc.maxSafeNat().filter((long) => long <= LONG_MAX),
    fc.integer({ min: -LONG_MAX, max: LONG_MAX }),
  ),
  string: fc.string({ unit: 'binary', maxLength: 100 }),
} as const;

/** Times near one another, so that TIME(s) is short, and far apart. */
const time = fc.oneof(fc.integer({ min: -5_000_000, max: 5_000_000 }), VALUES.long);

/** Any record, hostile ones too. */
export const anyAccept = fc.record({
  ...(Object.fromEntries(
    ACCEPT_FIELDS.map(({ name, kind }) => [name, VALUES[kind] as fc.Arbitrary<unknown>]),
  ) as object),
  event_time: time,
  monotonic_us: time,
  pid: fc.oneof(fc.nat({ max: 4_194_304 }), fc.integer()),
  comm,
  ip_version: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(4, 6) }, { weight: 1, arbitrary: fc.integer() }),
  remote_address: address,
  remote_port: port,
  local_address: address,
  local_port: port,
}) as unknown as fc.Arbitrary<Accept>;
