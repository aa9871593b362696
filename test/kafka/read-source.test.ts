import { createRequire } from 'node:module';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Core, loadCore } from '../../filter-core/index.js';
import { type KafkaSource, openKafkaSource, type SkippedValue } from '../../source-plugin/kafka/source.js';
import { decodeAccepts } from '../../source-plugin/records.js';
import { RegistryClient } from '../../source-plugin/registry/client.js';
import { kafkaReason, type Shared, sharedKafka } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { numbered, Topic, Writer } from './read-support.js';
import { growTopic } from './topics.js';

const START_MS = 120_000;
const FETCH = 1;
const LIST_OFFSETS = 2;

interface Pool {
  send(call: { readonly request: { readonly apiKey: number } }): Promise<unknown>;
}
const pool = (createRequire(import.meta.url)('kafkajs/src/network/connectionPool') as { prototype: Pool }).prototype;

/** A source, its core, and what it says. */
interface Opened {
  readonly source: KafkaSource;
  readonly core: Core;
  readonly said: string[];
  readonly skipped: SkippedValue[];
  readonly stop: AbortController;
}

describeUnless(kafkaReason(), 'the Kafka source', () => {
  let kafka: Shared;
  let writer: Writer;
  let topic: Topic;
  const sources: KafkaSource[] = [];
  beforeAll(async () => {
    kafka = await sharedKafka();
    writer = await Writer.register(kafka);
  }, START_MS);
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const source of sources.splice(0)) await source.close();
    await topic.close();
  });

  const open = async (follow = false): Promise<Opened> => {
    const core = await loadCore({ format: 'avro' });
    const stop = new AbortController();
    const said: string[] = [];
    const skipped: SkippedValue[] = [];
    const source = await openKafkaSource({
      access: { brokers: kafka.brokers, client_id: 'test' },
      topic: topic.name,
      from: 'beginning',
      follow,
      schemas: new RegistryClient({ url: kafka.registry.url, register: false, subject_strategy: 'topic' }),
      core,
      events: { onWait: (text) => said.push(text), onSkip: (value) => skipped.push(value) },
      signal: stop.signal,
    });
    sources.push(source);
    return { source, core, said, skipped, stop };
  };
  /** One read: the datums it brought. */
  const take = async ({ source, core }: Opened) => {
    const { bytes, records, position, next } = await source.read(core.input);
    return { datums: Buffer.from(core.input.subarray(0, bytes)), records, position, next };
  };
  const takeAll = async (opened: Opened) => {
    const datums: Buffer[] = [];
    for (let next: string | undefined; next !== 'never'; ) {
      const taken = await take(opened);
      datums.push(taken.datums);
      await opened.source.commit(taken.position);
      next = taken.next;
    }
    return Buffer.concat(datums);
  };
  const datumsOf = (records: readonly object[]) => Buffer.concat(records.map((record) => writer.datum(record)));
  const valuesOf = (records: readonly object[]) => records.map((record) => writer.value(record));

  it('fetches no more than is taken', async () => {
    topic = await Topic.create(kafka);
    const records = numbered(12_000);
    await topic.sendAll(valuesOf(records));
    const send = vi.spyOn(pool, 'send');
    const fetches = () => send.mock.calls.filter(([call]) => call.request.apiKey === FETCH).length;
    const opened = await open();
    const { records: first } = await take(opened);
    // A partition's part of an answer is a megabyte, the input a quarter of it.
    expect(first).toBeGreaterThan(500);
    expect(fetches()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(fetches()).toBe(1);
    await takeAll(opened);
    expect(fetches()).toBeGreaterThan(2);
    expect(fetches()).toBeLessThan(8);
  });

  it('reads again from where it is told, and forgets what is committed', async () => {
    topic = await Topic.create(kafka);
    const records = numbered(5000);
    await topic.sendAll(valuesOf(records));
    const opened = await open();
    const { source } = opened;
    const start = source.position();
    const first = await take(opened);
    const second = await take(opened);
    expect(source.position()).toBe(first.records + second.records);
    await source.seek(first.position);
    expect(source.position()).toBe(first.position);
    expect((await take(opened)).datums.equals(second.datums)).toBe(true);
    await source.seek(start);
    expect(() => source.seek(second.position)).toThrow(/no position/);
    expect((await take(opened)).datums.equals(first.datums)).toBe(true);
    await source.commit(first.position);
    expect(() => source.seek(start)).toThrow(/no position/);
    await source.seek(first.position);
    const all = Buffer.concat([first.datums, await takeAll(opened)]);
    expect(all.equals(datumsOf(records))).toBe(true);
    expect(source.progress()).toEqual({ done: 5000, total: 5000 });
  });

  it('goes back in all partitions at once', async () => {
    topic = await Topic.create(kafka, { partitions: 2 });
    const halves = [1, 2].map((local_port) => numbered(3000, { local_port }));
    for (const [partition, records] of halves.entries()) await topic.sendAll(valuesOf(records), partition);
    const opened = await open();
    const first = await take(opened);
    for (let time = 0; time < 4; time++) await take(opened);
    await opened.source.seek(first.position);
    const all = decodeAccepts(Buffer.concat([first.datums, await takeAll(opened)]));
    for (const records of halves) {
      const own = all.filter(({ local_port }) => local_port === records[0]?.local_port);
      expect(own.map(({ pid }) => pid)).toEqual(records.map(({ pid }) => pid));
    }
    expect(all).toHaveLength(6000);
  });

  it('goes on behind records that are deleted while it reads, and says how many', async () => {
    topic = await Topic.create(kafka);
    const records = numbered(12_000);
    await topic.sendAll(valuesOf(records));
    const opened = await open();
    const first = await take(opened);
    await topic.deleteBefore(11_000);
    const rest = await takeAll(opened);
    const [said, ...others] = opened.said;
    const gone = Number(/^(\d+) records of \S+ partition 0 were deleted before they were read$/.exec(said ?? '')?.[1]);
    expect(others).toEqual([]);
    expect(gone).toBeGreaterThan(0);
    const read = 11_000 - gone;
    const kept = [...records.slice(0, read), ...records.slice(11_000)];
    expect(Buffer.concat([first.datums, rest]).equals(datumsOf(kept))).toBe(true);
  });

  it.each(['NOT_LEADER_FOR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'])(
    'opens a topic that is so new that a leader answers %s',
    async (type) => {
      topic = await Topic.create(kafka);
      await topic.sendAll(valuesOf(numbered(3)));
      const { send } = pool;
      let refusals = 3;
      vi.spyOn(pool, 'send').mockImplementation(function (this: Pool, call) {
        if (call.request.apiKey !== LIST_OFFSETS || refusals-- <= 0) return send.call(this, call);
        return Promise.reject(Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, retriable: true }));
      });
      expect((await takeAll(await open())).equals(datumsOf(numbered(3)))).toBe(true);
      expect(refusals).toBeLessThan(0);
    },
  );

  it('has nothing more once it is detached or stopped', async () => {
    topic = await Topic.create(kafka);
    const opened = await open(true);
    const waiting = take(opened);
    opened.stop.abort();
    expect(await waiting).toMatchObject({ records: 0, next: 'now' });
    const other = await open(true);
    await topic.sendAll(valuesOf(numbered(2000)));
    expect((await take(other)).records).toBeGreaterThan(0);
    await other.source.detach();
    expect(await take(other)).toMatchObject({ records: 0 });
  });

  it('follows partitions that the topic gets later', async () => {
    topic = await Topic.create(kafka);
    await topic.sendAll(valuesOf(numbered(1)));
    const opened = await open(true);
    expect((await take(opened)).records).toBe(1);
    await growTopic(kafka.brokers, topic.name, 3);
    const producer = await Topic.over(kafka, topic.name);
    await producer.send(valuesOf(numbered(5)), { partition: 2 });
    const { datums } = await take(opened);
    expect(datums.equals(datumsOf(numbered(5)))).toBe(true);
    await producer.close();
  });
});
