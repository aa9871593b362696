import { Type } from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS } from '../../schemas/accept.js';
import { acceptOf, acceptType } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, recordOf } from './support.js';

const PAIRS = ACCEPT_FIELDS.map(({ name, kind }) => [name, kind] as const);

/** Branches of unions are named in the values. */
const typeOf = (schema: ReturnType<typeof recordOf>) => Type.forSchema(schema, { wrapUnions: true });

const TREE = {
  type: 'record',
  name: 'Tree',
  fields: [
    { name: 'value', type: 'int' },
    { name: 'left', type: ['null', 'Tree'] },
    { name: 'right', type: ['null', 'acceptstream.Tree'] },
  ],
};
const leaf = (value: number) => ({ value, left: null, right: null });

/** Fields of shapes that ours has none of, with values of each. */
const ADDED: readonly (readonly [unknown, readonly unknown[]])[] = [
  [
    ['null', 'string'],
    [null, { string: 'x' }],
  ],
  [{ type: 'array', items: 'long' }, [[], [1, -2, 2 ** 50], Array(300).fill(7)]],
  [{ type: 'array', items: 'null' }, [[], [null, null]]],
  [{ type: 'map', values: { type: 'array', items: 'string' } }, [{}, { a: ['b'], '': [] }]],
  [TREE, [leaf(1), { value: 2, left: { 'acceptstream.Tree': leaf(3) }, right: { 'acceptstream.Tree': leaf(4) } }]],
  [{ type: 'array', items: { type: 'enum', name: 'Suit', symbols: ['A', 'B'] } }, [['A', 'B', 'B']]],
  [
    ['boolean', 'double', { type: 'fixed', name: 'Four', size: 4 }],
    [{ double: 1.5 }, { 'acceptstream.Four': Buffer.alloc(4) }],
  ],
];

test('values of any shape between ours are stepped over', async () => {
  const choices = ADDED.map(([, values], index) =>
    fc.tuple(fc.constant(index), fc.nat({ max: 32 }), fc.constantFrom(...values)),
  );
  await fc.assert(
    fc.asyncProperty(fc.tuple(...choices), fc.array(anyAccept, { maxLength: 4 }), async (added, records) => {
      const fields: (readonly [string, unknown])[] = [...PAIRS];
      for (const [index, at] of added) fields.splice(at, 0, [`added_${index}`, ADDED[index]?.[0]]);
      const writerSchema = recordOf(...fields);
      const more = Object.fromEntries(added.map(([index, , value]) => [`added_${index}`, value]));
      const type = typeOf(writerSchema);
      const bytes = encode(
        records.map((record) => ({ ...record, ...more })),
        type,
      );
      const core = await loadCore({ format: 'json', writerSchema });
      expect(drain(core, bytes)).toEqual(drain(await loadCore({ format: 'json' }), encode(records)));
    }),
    { numRuns: 200 },
  );
});

test('a nullable field has its value, or what is said without one', async () => {
  const nullable = recordOf(
    ...PAIRS.map(([name, kind], index) => [name, index % 2 ? ['null', kind] : [kind, 'null']] as const),
  );
  const core = await loadCore({ format: 'json', writerSchema: nullable });
  const record = acceptOf() as unknown as Record<string, unknown>;
  const given = Object.fromEntries(PAIRS.map(([name, kind]) => [name, { [kind]: record[name] }]));
  const own = drain(await loadCore({ format: 'json' }), encode([record]));
  expect(drain(core, encode([given], typeOf(nullable)))).toEqual(own);
  const nulls = Object.fromEntries(PAIRS.map(([name]) => [name, null]));
  const unknown = { boolean: false, string: '', int: -1, long: -1 };
  const absent = Object.fromEntries(PAIRS.map(([name, kind]) => [name, unknown[kind]]));
  expect(drain(core, encode([nulls], typeOf(nullable)))).toEqual(
    drain(await loadCore({ format: 'json' }), encode([absent])),
  );
});

test('a branch that ours can not be read from is no datum', async () => {
  const writerSchema = recordOf(['pid', ['int', 'string', 'null']], ['comm', ['bytes', 'int']]);
  const type = typeOf(writerSchema);
  const core = await loadCore({ format: 'tcpaccept', writerSchema });
  expect(drain(core, encode([{ pid: { int: 7 }, comm: { bytes: Buffer.from('x') } }], type)).text).toMatch(/^7 +x /);
  const wrong = encode([{ pid: { string: '7' }, comm: { int: 1 } }], type);
  core.input.set(wrong);
  expect(() => [...core.portions(wrong.length)]).toThrow('malformed input at byte 0');
});

describe('hostile', () => {
  test.each<[string, unknown, Buffer]>([
    ['a list without end', { type: 'record', name: 'L', fields: [{ name: 'next', type: ['L'] }] }, Buffer.alloc(200)],
    [
      'a type that holds itself',
      {
        type: 'record',
        name: 'S',
        fields: [
          { name: 'a', type: 'S' },
          { name: 'b', type: 'S' },
        ],
      },
      Buffer.alloc(9),
    ],
    ['a branch that is not there', ['int'], Buffer.of(2)],
    ['a negative branch', ['int'], Buffer.of(1)],
  ])('%s', async (_name, type, bytes) => {
    const core = await loadCore({ format: 'avro', writerSchema: recordOf(['a', type], ['pid', 'int']) });
    core.input.fill(0);
    core.input.set(bytes);
    expect(() => [...core.portions(bytes.length + 20)]).toThrow('malformed input at byte 0');
  });
});

/** Undefined where avsc can't say: it refuses longs that are no safe integers. */
function endByAvsc(bytes: Buffer): number | undefined {
  try {
    return acceptType.decode(bytes, 0).offset;
  } catch (error) {
    expect((error as Error).message).toBe('potential precision loss');
    return undefined;
  }
}

describe('measure', () => {
  const NESTED = recordOf(...PAIRS, ['tree', TREE], ['list', { type: 'map', values: 'bytes' }]);
  const value = {
    ...acceptOf(),
    tree: { value: 1, left: { 'acceptstream.Tree': leaf(5) }, right: null },
    list: { a: Buffer.from('b') },
  };
  const SCHEMAS = [
    ['ours', undefined, encode([acceptOf()])],
    ['with other shapes', NESTED, encode([value], typeOf(NESTED))],
  ] as const;

  test.each(SCHEMAS)(
    '%s: a datum cut at any byte is a start, behind the whole ones',
    async (_name, writerSchema, datum) => {
      const core = await loadCore({ format: 'tcpaccept', writerSchema });
      for (const filler of [0, 0x80, 0xff])
        for (let length = 0; length < datum.length; length++) {
          core.input.fill(filler);
          core.input.set(Buffer.concat([datum, datum, datum.subarray(0, length)]), 3);
          const end = 3 + 2 * datum.length;
          const behind = length === 0 ? 'nothing' : 'start';
          expect(core.measure(3, end + length, 9)).toEqual({ records: 2, end, behind });
        }
    },
  );

  test.each(SCHEMAS)('%s: bytes that are none are told from a start', async (_name, writerSchema, datum) => {
    const core = await loadCore({ format: 'tcpaccept', writerSchema });
    core.input.set(Buffer.concat([datum, Buffer.alloc(11, 0xff)]));
    expect(core.measure(0, datum.length + 11, 9)).toEqual({ records: 1, end: datum.length, behind: 'none' });
    expect(core.measure(0, datum.length + 11, 1)).toEqual({ records: 1, end: datum.length, behind: 'nothing' });
  });

  test('a datum that is too long is none, whole or not', async () => {
    const core = await loadCore({ format: 'tcpaccept' });
    const fits = encode([acceptOf({ host: 'x'.repeat(core.datumBytesMax - 400) })]);
    const long = encode([acceptOf({ host: 'x'.repeat(core.datumBytesMax + 1) })]);
    core.input.set(Buffer.concat([fits, long]));
    expect(core.measure(0, fits.length + long.length, 9)).toEqual({ records: 1, end: fits.length, behind: 'none' });
    expect(core.measure(0, fits.length + 5000, 9)).toEqual({ records: 1, end: fits.length, behind: 'none' });
  });

  test('it agrees with avsc on any bytes', async () => {
    const core = await loadCore({ format: 'avro' });
    const datum = encode([acceptOf()]);
    fc.assert(
      fc.property(fc.nat({ max: datum.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 3 }), (at, byte, extra) => {
        const bytes = Buffer.concat([datum, Buffer.alloc(extra)]);
        bytes[at] = byte;
        core.input.set(bytes);
        const { records, end, behind } = core.measure(0, bytes.length, 1);
        if (records === 1) expect([undefined, end]).toContain(endByAvsc(bytes));
        else expect(behind).not.toBe('nothing');
      }),
      { numRuns: 3000 },
    );
  });

  const item = { type: 'array', items: 'null' };
  test.each<[string, Buffer]>([
    ['the largest', Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff), Buffer.of(0x01)])],
    ['the smallest', Buffer.concat([Buffer.alloc(9, 0xff), Buffer.of(0x01, 0x02)])],
  ])('%s count of items without bytes is read at once', async (_name, count) => {
    const core = await loadCore({ format: 'avro', writerSchema: recordOf(['a', item], ['pid', 'int']) });
    const bytes = Buffer.concat([count, Buffer.of(0, 14)]);
    expect(drain(core, bytes)).toEqual({ text: bytes.toString('latin1'), records: 1 });
  });

  test('many fields that each hold many values without bytes are no datum', async () => {
    const nothing = { type: 'record', name: 'N', fields: Array(200).fill({ name: 'n', type: 'null' }) };
    const writerSchema = recordOf(['a', nothing], ...Array.from({ length: 99 }, (_, i) => [`b${i}`, 'N'] as const), [
      'pid',
      'int',
    ]);
    const core = await loadCore({ format: 'avro', writerSchema });
    expect(() => drain(core, Buffer.of(14))).toThrow('malformed input at byte 0');
  });
});
