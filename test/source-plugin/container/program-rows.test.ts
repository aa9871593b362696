import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from 'avsc';
import { describe, expect, test } from 'vitest';
import { TEXT_FORMATS } from '../../../filter-core/index.js';
import { ACCEPT_FIELDS } from '../../../schemas/accept.js';
import { recordOf } from '../../filter-core/support.js';
import { runProgram } from '../../support/program.js';
import { acceptOf } from '../memory-source.js';
import { accepts, containerOf, folderOf, textOf } from './read-support.js';

const OLD_SCHEMA: Schema & { fields: { name: string }[] } = JSON.parse(
  readFileSync(new URL('../../fixtures/schemas/accept-32-fields.avsc', import.meta.url), 'utf8'),
);

/** What the program prints of a recording, and says beside it. */
async function read(bytes: Buffer, ...args: readonly string[]) {
  const path = join(folderOf({ 'a.avro': bytes }), 'a.avro');
  const { code, stdoutBytes, stderr } = await runProgram(['read', path, ...args]);
  return { code, text: stdoutBytes.toString('latin1'), stderr };
}

const printed = (text: string) => ({ code: 0, text, stderr: '' });

describe('recordings of other schemas', () => {
  test.each(TEXT_FORMATS)('the first one of ours, in %s', async (format) => {
    const records = accepts(300);
    const known = new Set(OLD_SCHEMA.fields.map(({ name }) => name));
    const added = ACCEPT_FIELDS.filter(({ name }) => !known.has(name)).map(({ name }) => [name, '']);
    expect(added).toHaveLength(6);
    const emptied = records.map((record) => ({ ...record, ...Object.fromEntries(added) }));
    const { code, text, stderr } = await read(await containerOf(records, { schema: OLD_SCHEMA }), '--format', format);
    const header = format === 'tcpaccept' || format === 'wide' ? text.indexOf('\n') + 1 : 0;
    expect({ code, text: text.slice(header), stderr }).toEqual(printed(await textOf(emptied, { format })));
  });

  test('ints for longs, bytes for strings, nullable ones, some missing, some more, in another order', async () => {
    const schema = recordOf(
      ['community_id', ['null', 'string']],
      ['added', { type: 'map', values: ['null', 'double'] }],
      ['comm', 'bytes'],
      ['queued_us', 'int'],
      ['rtt_us', ['null', 'long']],
      ['ip_version', 'int'],
      ['peer_reset', ['boolean', 'null']],
      ['event_time', 'long'],
    );
    const ours = { comm: 'café', queued_us: 250, ip_version: 6, event_time: 1_790_000_000_000_001 };
    const written = { ...ours, comm: Buffer.from('café'), added: { a: { double: 0.5 }, b: null } };
    const unknown = Object.fromEntries(
      ACCEPT_FIELDS.map(({ name, kind }) => [name, { boolean: false, string: '', int: -1, long: -1 }[kind]]),
    );
    const nothing = { community_id: null, rtt_us: null, peer_reset: null };
    const something = { community_id: { string: '1:x' }, rtt_us: { long: 7 }, peer_reset: { boolean: true } };
    const bytes = await containerOf(
      [
        { ...written, ...nothing },
        { ...written, ...something },
      ],
      { schema },
    );
    const expected = [
      { ...unknown, ...ours },
      { ...unknown, ...ours, community_id: '1:x', rtt_us: 7, peer_reset: true },
    ];
    expect(await read(bytes, '--format', 'json')).toEqual(printed(await textOf(expected)));
  });
});

describe('options leave out of a recording', () => {
  const START = 1_790_000_000;
  const second = (index: number) => acceptOf({ event_time: (START + index) * 1_000_000, sequence: index });
  const iso = (index: number) => new Date((START + index) * 1000).toISOString();

  test.each<[string[], number[]]>([
    [
      ['--since', String(START + 2)],
      [2, 3],
    ],
    [
      ['--since', iso(2)],
      [2, 3],
    ],
    [
      ['--since', `${START + 1}.000001`],
      [2, 3],
    ],
    [
      ['--until', String(START + 2)],
      [0, 1],
    ],
    [['--since', iso(1), '--until', iso(2)], [1]],
    [['--since', iso(2), '--until', iso(2)], []],
    [
      ['--from', 'beginning'],
      [0, 1, 2, 3],
    ],
  ])('%j', async (args, kept) => {
    const bytes = await containerOf([0, 1, 2, 3].map(second));
    expect(await read(bytes, '--format', 'json', ...args)).toEqual(printed(await textOf(kept.map(second))));
  });

  const v4 = acceptOf({ remote_address: '192.0.2.7', comm: 'nginx' });
  const mapped = acceptOf({ ip_version: 6, remote_address: '::ffff:192.0.2.9', comm: 'sshd' });
  const v6 = acceptOf({ ip_version: 6, remote_address: '2001:db8::7', comm: 'nginx' });
  test.each<[string[], object[]]>([
    [
      ['--remote', '192.0.2.0/24'],
      [v4, mapped],
    ],
    [
      ['--remote', '::/0,192.0.2.7'],
      [v4, v6],
    ],
    [
      ['--exclude-remote', '192.0.2.8/30'],
      [v4, v6],
    ],
    [
      ['--comm', 'nginx'],
      [v4, v6],
    ],
    [['--comm', 'nginx', '--remote', '2001:db8::/32'], [v6]],
    [['--comm', 'ngin'], []],
  ])('%j', async (args, kept) => {
    expect(await read(await containerOf([v4, mapped, v6]), '--format', 'json', ...args)).toEqual(
      printed(await textOf(kept)),
    );
  });

  test('what is over a rate limit, by the time of the accepts, and says how much', async () => {
    const records = [0, 0, 0, 0, 1, 1].map((index, sequence) => ({ ...second(index), sequence }));
    const { code, text, stderr } = await read(await containerOf(records), '--format', 'json', '--rate-limit', '2/comm');
    const kept = [0, 1, 4, 5].map((index) => records[index] ?? {});
    const said = 'acceptstream: rate limit: suppressed 2 accepts of 1 name\n';
    expect({ code, text, stderr }).toEqual({ code: 0, text: await textOf(kept), stderr: said });
  });
});
