import { describe, expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import * as reference from '../reference/tcpaccept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { drain, encode, recordOf, typeOf } from './support.js';

const PAIRS = ACCEPT_FIELDS.map(({ name, kind }) => [name, kind] as const);
const OWN = recordOf(...PAIRS);
/** In another order, with fields that ours has not, without those that show what is left of a former record. */
const OTHER = recordOf(
  ['added', 'string'],
  ...PAIRS.filter(([name]) => !['comm', 'remote_port', 'peer_reset'].includes(name)).reverse(),
  ['more', 'double'],
);
const UNSEEN = { comm: '', remote_port: -1, peer_reset: false };

const records = Array.from({ length: 6 }, (_, index) =>
  acceptOf({ pid: index, monotonic_us: 1_000_000 * (index + 1), peer_reset: index % 2 === 0, comm: `srv${index}` }),
);
const latin = (text: string) => Buffer.from(text).toString('latin1');

describe('datums of several writers, one batch after the other', () => {
  test.each([
    ['each with its own schema, TIME(s) counts on', [OWN, OTHER, OWN, OWN, OTHER, OTHER]],
    ['from another schema on', [OTHER, OTHER, OWN, OTHER, OWN, OWN]],
  ])('%s', async (_, schemas) => {
    const core = await loadCore({ format: 'tcpaccept', timestamp: true });
    let text = '';
    for (const [index, record] of records.entries()) {
      const schema = schemas[index] ?? OWN;
      core.useWriterSchema(schema);
      text += drain(core, encode([{ ...record, added: 'x'.repeat(100), more: 1.5 }], typeOf(schema))).text;
    }
    const seen = records.map((record, index) => (schemas[index] === OTHER ? { ...record, ...UNSEEN } : record));
    expect(text).toBe(latin(reference.rows(seen as Accept[], { timestamp: true })));
    expect(core.totals).toEqual({ received: 6, kept: 6, filtered: 0, malformed: 0, suppressed: 0, unlimited: 0 });
  });

  test('filters hold for all of them', async () => {
    const core = await loadCore({ format: 'avro', filter: { pid: 3 } });
    const kept = [OWN, OTHER].map((schema) => {
      core.useWriterSchema(schema);
      const values = records.map((record) => ({ ...record, added: '', more: 0 }));
      return drain(core, encode(values, typeOf(schema))).records;
    });
    expect(kept).toEqual([1, 1]);
  });

  test('a schema that can not be used leaves the former one', async () => {
    const core = await loadCore({ format: 'avro' });
    core.useWriterSchema(OTHER);
    expect(() => core.useWriterSchema(recordOf(['pid', 'string']))).toThrow(/field pid/);
    expect(() =>
      core.useWriterSchema(recordOf(...Array.from({ length: 257 }, (_, at) => [`f${at}`, 'int'] as const))),
    ).toThrow(/over 256 fields/);
    const bytes = encode([{ ...acceptOf(), added: 'a', more: 0 }], typeOf(OTHER));
    expect(drain(core, bytes).text).toBe(bytes.toString('latin1'));
  });
});

describe('isDatum', () => {
  const datum = encode([acceptOf()]);

  test('is true of one whole datum and of nothing else', async () => {
    const core = await loadCore({ format: 'tcpaccept' });
    core.input.fill(0);
    core.input.set(datum, 7);
    core.input.set(datum, 7 + datum.length);
    expect(core.isDatum(7, 7 + datum.length)).toBe(true);
    const others = Array.from({ length: 2 * datum.length + 1 }, (_, length) => length).filter(
      (length) => length !== datum.length,
    );
    expect(others.filter((length) => core.isDatum(7, 7 + length))).toEqual([]);
    expect(core.isDatum(8, 8 + datum.length)).toBe(false);
  });

  test('counts nothing and keeps no record from being read', async () => {
    const core = await loadCore({ format: 'tcpaccept', timestamp: true });
    core.input.set(encode([acceptOf({ monotonic_us: 1 })]));
    core.isDatum(0, datum.length);
    expect(core.totals.received).toBe(0);
    const text = drain(core, encode([acceptOf({ monotonic_us: 5_000_000 })])).text;
    expect(text).toMatch(/^0\.000/);
  });

  test('at the very end of the input', async () => {
    const core = await loadCore({ format: 'tcpaccept' });
    const end = core.input.length;
    core.input.set(datum, end - datum.length);
    expect(core.isDatum(end - datum.length, end)).toBe(true);
    core.input.fill(0xff, end - 200);
    expect(core.isDatum(end - datum.length, end)).toBe(false);
  });
});
