import { type AddressInfo, createServer } from 'node:net';
import { CompressionTypes } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type CoreOptions, loadCore } from '../../filter-core/index.js';
import { compressionType } from '../../source-plugin/kafka/compression.js';
import { openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { zoneAt } from '../../source-plugin/zone.js';
import { kafkaReason, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { configOf } from './config.js';
import { numbered, SCHEMA, Topic, Writer } from './read-support.js';

const START_MS = 120_000;
const QUICK_MS = 20_000;

describeUnless(kafkaReason(), 'acceptstream read', () => {
  let kafka: Shared;
  let writer: Writer;
  const opened: Topic[] = [];
  const silent = createServer(() => {});
  beforeAll(async () => {
    silent.listen(0, '127.0.0.1');
    kafka = await sharedKafka();
    writer = await Writer.register(kafka);
  }, START_MS);
  afterAll(() => {
    silent.close();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((topic) => topic.close()));
  });

  const create = async (options?: Parameters<typeof Topic.create>[1]) => {
    const topic = await Topic.create(kafka, options);
    opened.push(topic);
    return topic;
  };
  const valuesOf = (records: readonly object[]) => records.map((record) => writer.value(record));

  it('prints what went in, byte for byte, whatever the compression', async () => {
    const topic = await create();
    const records = numbered(4000);
    await compressionType('zstd');
    const kinds = [CompressionTypes.None, CompressionTypes.GZIP, CompressionTypes.ZSTD, CompressionTypes.None];
    for (const [index, compression] of kinds.entries())
      await topic.send(valuesOf(records.slice(index * 1000, (index + 1) * 1000)), { compression });
    expect(await topic.read()).toEqual({
      code: 0,
      signal: null,
      bytes: `${HEADER}\n${await writer.text(records)}`,
      stderr: '',
    });
  });

  it('prints what our own sink has written', async () => {
    const topic = await create({ partitions: 2 });
    const records = numbered(3000, { host: 'db1' });
    const core = await loadCore({
      format: 'kafka',
      kafka: { partitions: 2, key: 'host', encoding: 'avro', schemaId: writer.id },
    });
    const config = configOf({ brokers: kafka.brokers, topic: topic.name, compression: 'zstd' });
    const { sink } = await openKafkaSink(config, { onWait: () => {} });
    for (let at = 0; at < records.length; at += 500) {
      const datums = Buffer.concat(records.slice(at, at + 500).map((record) => writer.datum(record)));
      core.input.set(datums);
      for (const portion of core.portions(datums.length)) await sink.write(portion);
    }
    await sink.close();
    // One host, one key, one partition.
    expect((await topic.read()).bytes).toBe(`${HEADER}\n${await writer.text(records)}`);
  });

  it('prints the header of an empty topic and ends', async () => {
    const topic = await create({ partitions: 3 });
    expect(await topic.read()).toEqual({ code: 0, signal: null, bytes: `${HEADER}\n`, stderr: '' });
  });

  it('reads all partitions, each in its order', async () => {
    const topic = await create({ partitions: 3 });
    const parts = [0, 1, 2].map((partition) => numbered(2500, { local_port: partition }));
    await Promise.all(parts.map((records, partition) => topic.sendAll(valuesOf(records), partition)));
    const { code, bytes } = await topic.read();
    const rows = bytes.split('\n').slice(1, -1);
    for (const [partition, records] of parts.entries()) {
      const own = rows.filter((row) => row.trimEnd().endsWith(` ${partition}`));
      expect(`${own.join('\n')}\n`).toBe(await writer.text(records));
    }
    expect(rows).toHaveLength(7500);
    expect(code).toBe(0);
  });

  it.each<[string[], Partial<CoreOptions>]>([
    [['-P', '80'], { filter: { ports: [80] } }],
    [['-p7'], { filter: { pid: 7 } }],
    [['-4'], { filter: { family: 4 } }],
    [['-6t'], { filter: { family: 6 }, timestamp: true }],
    [['-tT', '-P22,443'], { filter: { ports: [22, 443] }, timestamp: true, time: true, zoneAt }],
    [['-P', '1'], { filter: { ports: [1] } }],
    [['--format', 'json', '-6'], { filter: { family: 6 }, format: 'json' }],
  ])('%j filters and formats as the core does', async (args, options) => {
    const topic = await create();
    const records = numbered(100);
    await topic.send(valuesOf(records));
    const { code, bytes, stderr } = await topic.read(...args);
    const lines = bytes.split('\n');
    const rows = options.format === 'json' ? lines : lines.slice(1);
    expect(rows.join('\n')).toBe(await writer.text(records, options));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('reads each record with the schema it was written with, and TIME(s) counts on', async () => {
    const topic = await create();
    const fields = SCHEMA.fields.filter(({ name }) => !['comm', 'peer_reset', 'rtt_us'].includes(name));
    const fewer = await Writer.register(kafka, { ...SCHEMA, fields });
    const added = { name: 'colour', type: 'string' };
    const more = await Writer.register(kafka, { ...SCHEMA, fields: [added, ...SCHEMA.fields] });
    const writers = [writer, fewer, more, writer, fewer];
    const records = numbered(2000, { comm: 'sshd', peer_reset: true }).map((record, index) => {
      const by = writers[Math.floor(index / 100) % writers.length] ?? writer;
      const seen = by === fewer ? { ...record, comm: '', peer_reset: false } : record;
      return { value: by.value({ ...record, colour: 'blue' }), seen };
    });
    for (let at = 0; at < records.length; at += 250)
      await topic.send(records.slice(at, at + 250).map(({ value }) => value));
    const { bytes, stderr } = await topic.read('-t');
    expect(stderr).toBe('');
    const seen = records.map((record) => record.seen);
    expect(bytes).toBe(`TIME(s)  ${HEADER}\n${await writer.text(seen, { timestamp: true })}`);
  });

  it('starts at a time, given in seconds or in ISO 8601', async () => {
    const topic = await create({ partitions: 2 });
    const start = 1_790_000_000;
    const records = numbered(60).map((record, index) => ({ ...record, event_time: (start + index) * 1_000_000 }));
    const messages = records.map((record, index) => ({
      value: writer.value(record),
      timestamp: String((start + index) * 1000),
    }));
    await topic.send(messages, { partition: 1 });
    const expected = `${HEADER}\n${await writer.text(records.slice(40))}`;
    for (const from of [String(start + 40), `${start + 39}.001`, new Date((start + 40) * 1000).toISOString()])
      expect(await topic.read('--from', from)).toMatchObject({ code: 0, bytes: expected });
    const until = await topic.read('--since', String(start + 40), '--until', String(start + 50));
    expect(until.bytes).toBe(`${HEADER}\n${await writer.text(records.slice(40, 50))}`);
    expect(await topic.read('--from', String(start + 60))).toMatchObject({ code: 0, bytes: `${HEADER}\n` });
    expect((await topic.read('--from', 'beginning')).bytes).toBe(`${HEADER}\n${await writer.text(records)}`);
  });

  it('starts behind what the topic has deleted', async () => {
    const topic = await create();
    const records = numbered(30);
    await topic.send(valuesOf(records));
    await topic.deleteBefore(10);
    expect((await topic.read()).bytes).toBe(`${HEADER}\n${await writer.text(records.slice(10))}`);
  });

  it.each<[string, (topic: Topic) => string[], RegExp]>([
    ['a missing topic', () => ['--topic', uniqueName('missing')], /^acceptstream: there is no topic missing-/],
    ['a port where nobody is', () => ['--kafka', '127.0.0.1:1'], /^acceptstream: cannot reach 127\.0\.0\.1:1 /],
    [
      'a port where nobody answers',
      () => ['--kafka', `127.0.0.1:${(silent.address() as AddressInfo).port}`],
      /did not answer within 10 s: check that a Kafka broker runs there/,
    ],
    [
      'a registry that is away',
      () => ['--registry', 'http://127.0.0.1:1'],
      /acceptstream: the schema registry .* is away: .*\n$/,
    ],
    [
      "a broker's port that wants TLS",
      () => ['--kafka', kafka.listeners.tls.join()],
      /^acceptstream: .* (add tls|expects TLS)/,
    ],
  ])(
    'ends with 1 and one reason for %s',
    async (_, args, message) => {
      const topic = await create();
      await topic.send(valuesOf(numbered(1)));
      const start = performance.now();
      const { code, stderr } = await topic.read(...args(topic));
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(performance.now() - start).toBeLessThan(QUICK_MS);
    },
    2 * QUICK_MS,
  );
});
