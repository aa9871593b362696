import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { kept as keptBy } from '../reference/filter.js';
import * as reference from '../reference/tcpaccept.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { anyAccept, drain, encode, zoneAt } from './support.js';

// Few values, so that filters often hold.
const accept = fc
  .tuple(anyAccept, fc.constantFrom(0, 1, 7, 4_194_304), fc.constantFrom(0, 22, 80, 65535), fc.boolean())
  .map(([any, pid, local_port, peer_reset]): Accept => ({ ...any, pid, local_port, peer_reset }));

const filter: fc.Arbitrary<Filter> = fc.record(
  {
    pid: fc.constantFrom(0, 1, 7, 4_194_304, 2 ** 32 - 1, 1e300),
    ports: fc.array(fc.constantFrom(0, 22, 80, 443, 65535), { minLength: 1, maxLength: 3 }),
    family: fc.constantFrom(4 as const, 6 as const),
  },
  { requiredKeys: [] },
);

test('any filter keeps what the reference keeps, in the order of the input, with any columns', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(accept, { maxLength: 12 }),
      filter,
      fc.boolean(),
      fc.boolean(),
      async (records, by, time, timestamp) => {
        const core = await loadCore({ format: 'tcpaccept', filter: by, time, timestamp, zoneAt });
        const kept = keptBy(records, by);
        const offsetAt = (instant: number) => zoneAt(instant).offsetSeconds;
        const text = reference.rows(kept, { timestamp, ...(time && { offsetAt }) });
        expect(drain(core, encode(records)).text).toBe(Buffer.from(text).toString('latin1'));
        expect(core.totals).toEqual({
          received: records.length,
          kept: kept.length,
          filtered: records.length - kept.length,
          malformed: 0,
          suppressed: 0,
          unlimited: 0,
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('avro passes on the datums that the filter keeps, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(accept, { maxLength: 12 }), filter, async (records, by) => {
      const kept = keptBy(records, by);
      const core = await loadCore({ format: 'avro', filter: by });
      expect(core.header.length).toBe(0);
      expect(drain(core, encode(records))).toEqual({ text: encode(kept).toString('latin1'), records: kept.length });
    }),
    { numRuns: 300 },
  );
});

describe('one by one', () => {
  const keeps = async (by: Filter, fields: Partial<Accept>) => {
    const core = await loadCore({ format: 'avro', filter: by });
    return drain(core, encode([acceptOf(fields)])).records === 1;
  };

  test.each<[string, Filter, Partial<Accept>, boolean]>([
    ['pid 0 is a filter', { pid: 0 }, { pid: 7 }, false],
    ['pid 0 finds pid 0', { pid: 0 }, { pid: 0 }, true],
    ['no process has 4294967295, not even an unknown one', { pid: 4294967295 }, { pid: -1 }, false],
    ['no process has 1e300', { pid: 1e300 }, { pid: 7 }, false],
    ['a reset connection has port 0', { ports: [0] }, { local_port: 80, peer_reset: true }, true],
    ['a reset connection has no other port', { ports: [80] }, { local_port: 80, peer_reset: true }, false],
    ['the remote port is no local port', { ports: [80] }, { local_port: 22, remote_port: 80 }, false],
    ['the last port', { ports: [65535] }, { local_port: 65535 }, true],
    ['a port past the last wraps to none', { ports: [0] }, { local_port: 65536 }, false],
    ['an unknown port is none', { ports: [65535] }, { local_port: -1 }, false],
    ['no ports: any', { ports: [] }, { local_port: 80 }, true],
    ['4-mapped is 6', { family: 6 }, { ip_version: 6, remote_address: '::ffff:10.0.0.1' }, true],
    ['4-mapped is not 4', { family: 4 }, { ip_version: 6, remote_address: '::ffff:10.0.0.1' }, false],
    ['all must hold', { pid: 7, ports: [80], family: 4 }, { pid: 7, local_port: 80, ip_version: 6 }, false],
    ['all hold', { pid: 7, ports: [80, 81], family: 4 }, { pid: 7, local_port: 81, ip_version: 4 }, true],
  ])('%s', async (_name, by, fields, kept) => {
    expect(await keeps(by, fields)).toBe(kept);
  });

  test('each of the 65536 ports is a filter of its own', async () => {
    const core = await loadCore({ format: 'avro', filter: { ports: [0, 7, 8, 1023, 40000, 65535] } });
    const records = Array.from({ length: 500 }, (_, index) => acceptOf({ local_port: index }));
    expect(drain(core, encode(records)).records).toBe(3);
    expect(drain(core, encode([1023, 1024, 40000, 65534].map((local_port) => acceptOf({ local_port })))).records).toBe(
      2,
    );
  });
});
