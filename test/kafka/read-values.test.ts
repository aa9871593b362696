import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { kafkaReason, kafkaTool, type Shared, sharedKafka } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { framed, numbered, SCHEMA, Topic, Writer } from './read-support.js';
import { clientOf } from './topics.js';

const START_MS = 120_000;

describeUnless(kafkaReason(), 'values that are no accepts', () => {
  let kafka: Shared;
  let writer: Writer;
  let topic: Topic;
  beforeAll(async () => {
    kafka = await sharedKafka();
    writer = await Writer.register(kafka);
  }, START_MS);
  afterEach(() => topic.close());

  const [first, second, third, ...others] = numbered(40);
  const good = (record: object | undefined) => writer.value(record ?? {});

  it('are left out, each with its place and reason, and what is around them is printed', async () => {
    topic = await Topic.create(kafka, { partitions: 2 });
    const foreign = await Writer.register(kafka, { ...SCHEMA, name: 'Order' });
    const union = { name: 'comm', type: ['int', 'boolean'] };
    const fields = SCHEMA.fields.map((field: { name: string }) => (field.name === 'comm' ? union : field));
    const unreadable = await Writer.register(kafka, { ...SCHEMA, fields });
    const number = await Writer.register(kafka, { ...SCHEMA, fields: [{ name: 'pid', type: 'long' }] });
    const datum = writer.datum(first ?? {});
    const bad: [Buffer | null, RegExp][] = [
      [null, /no value \(a tombstone\)/],
      [Buffer.alloc(0), /not in Confluent framing/],
      [Buffer.from('text'), /not in Confluent framing/],
      [Buffer.from('{"pid":1}'), /not in Confluent framing/],
      [Buffer.of(0, 0, 0, 0), /not in Confluent framing/],
      [framed(2 ** 31 - 1, datum), /has no schema of id 2147483647/],
      [framed(-7, datum), /-7|4294967289/],
      [foreign.value(first ?? {}), /is not of a record Accept/],
      [framed(unreadable.id, datum), /field comm/],
      [framed(number.id, Buffer.of(2)), /field pid/],
      [framed(writer.id, datum.subarray(0, -1)), /no datum of schema/],
      [framed(writer.id, Buffer.concat([datum, Buffer.of(0)])), /no datum of schema/],
      [framed(writer.id, Buffer.concat([datum, datum])), /no datum of schema/],
      [framed(writer.id, Buffer.alloc(0)), /no datum of schema/],
      [framed(writer.id, Buffer.alloc(datum.length, 0xff)), /no datum of schema/],
      [framed(writer.id, Buffer.alloc(40_000)), /too long/],
    ];
    const values = [good(first), ...bad.map(([value]) => value), good(second)];
    // Interleaved too: one after each good value.
    await topic.send(values, { partition: 1 });
    await topic.send([good(third), bad[0]?.[0] ?? null], { partition: 1 });
    const { code, bytes, stderr } = await topic.read();
    expect(bytes).toBe(`${HEADER}\n${await writer.text([first, second, third] as object[])}`);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(bad.length + 2);
    for (const [index, [, reason]] of bad.entries()) {
      expect(lines[index]).toMatch(`acceptstream: left out partition 1 offset ${index + 1}: `);
      expect(lines[index]).toMatch(reason);
    }
    expect(lines.at(-1)).toBe(
      `acceptstream: ${bad.length + 1} values of topic ${topic.name} are left out: they are no accepts`,
    );
    expect(code).toBe(0);
  });

  it.each(['gzip', 'zstd'])(
    'are left out of batches that a Java producer has compressed by %s, megabytes of them too',
    async (codec) => {
      topic = await Topic.create(kafka);
      const [java = '', ...args] = await kafkaTool('org.apache.kafka.tools.ConsoleProducer', [
        ...['--bootstrap-server', kafka.brokers.join(), '--topic', topic.name, '--compression-codec', codec],
        ...['--batch-size', '900000', '--timeout', '200'],
      ]);
      const producer = spawn(java, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      producer.stdin.end(`${'the same '.repeat(1000)}\n`.repeat(2000));
      await once(producer, 'close');
      await topic.send([good(first)]);
      const { code, bytes, stderr } = await topic.read();
      expect(stderr).toMatch(/: 2000 values of topic \S+ are left out/);
      expect(bytes).toBe(`${HEADER}\n${await writer.text([first ?? {}])}`);
      expect(code).toBe(0);
    },
    START_MS,
  );

  it('are named twenty times, and counted', async () => {
    topic = await Topic.create(kafka);
    const values = others.slice(0, 30).flatMap((record) => [Buffer.from('x'), good(record)]);
    await topic.send(values);
    const { bytes, stderr } = await topic.read();
    expect(bytes).toBe(`${HEADER}\n${await writer.text(others.slice(0, 30))}`);
    expect(stderr.match(/left out partition/g)).toHaveLength(20);
    expect(stderr).toMatch(/: 30 values of topic \S+ are left out/);
  });

  it('and those of aborted or open transactions are not printed', async () => {
    topic = await Topic.create(kafka);
    const messages = (from: number, to: number) =>
      numbered(to)
        .slice(from)
        .map((record) => ({ value: good(record), partition: 0 }));
    const producer = clientOf(kafka.brokers).producer({
      transactionalId: topic.name,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transact = async (from: number, to: number) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: topic.name, messages: messages(from, to) });
      return transaction;
    };
    await (await transact(0, 5)).commit();
    await (await transact(5, 10)).abort();
    await topic.send(messages(10, 12).map(({ value }) => value));
    await (await transact(12, 15)).commit();
    const open = await transact(15, 20);
    const { code, bytes, stderr } = await topic.read();
    const expected = [...numbered(5), ...numbered(15).slice(10)];
    expect(bytes).toBe(`${HEADER}\n${await writer.text(expected)}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await open.abort();
    await producer.disconnect();
  });
});
