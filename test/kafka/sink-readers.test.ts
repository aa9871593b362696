import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import type { KafkaConfig } from '../../source-plugin/config/types.js';
import { type BlockBatch, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { resolveSchemaId } from '../../source-plugin/registry/client.js';
import { blocksOf } from '../reference/kafka-block.js';
import { avroTool, kafkaReason, kafkaTool, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { configOf } from './config.js';
import { numbered as accepts, SCHEMA, Writer } from './read-support.js';
import { numbered } from './records.js';
import { readRaw } from './run-program.js';
import { createTopic, readTopic } from './topics.js';

const START_MS = 120_000;
const FRAME_BYTES = 5;
const CONSOLE_CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';

const runs = promisify(execFile);

async function output([program = '', ...args]: readonly string[]): Promise<string[]> {
  const { stdout } = await runs(program, args, { timeout: START_MS, maxBuffer: 16 << 20 });
  return stdout.trimEnd().split('\n');
}

describeUnless(kafkaReason(), 'independent readers in Java', () => {
  let kafka: Shared;
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-readers-'));

  beforeAll(async () => {
    kafka = await sharedKafka();
  }, START_MS);

  afterAll(() => rmSync(folder, { recursive: true }));

  async function newSink(partitions: number, fields: Partial<KafkaConfig> = {}) {
    const topic = uniqueName('readers');
    await createTopic(kafka.brokers, topic, { partitions });
    const config = configOf({ brokers: kafka.brokers, topic, ...fields });
    const { sink } = await openKafkaSink(config, { onWait: () => {} });
    return { topic, sink };
  }

  test.each(['none', 'gzip', 'zstd'] as const)(
    "Kafka's console consumer agrees, compression %s",
    async (compression) => {
      const { topic, sink } = await newSink(3, { compression });
      await sink.write({ blocks: blocksOf(numbered(100), 3) } as unknown as BlockBatch);
      await sink.close();
      const shown = ['partition', 'offset', 'timestamp', 'headers', 'key'];
      const from = ['--bootstrap-server', kafka.brokers.join(), '--topic', topic, '--from-beginning'];
      const properties = shown.flatMap((name) => ['--formatter-property', `print.${name}=true`]);
      const lines = await output(await kafkaTool(CONSOLE_CONSUMER, [...from, '--max-messages', '100', ...properties]));
      const stored = await readTopic(kafka.brokers, topic);
      expect(stored.map(({ value }) => Number(value)).sort((one, other) => one - other)).toEqual(
        Array.from({ length: 100 }, (_, index) => index),
      );
      const expected = stored.map(({ partition, offset, key, value, timestamp }) =>
        [
          `CreateTime:${timestamp}`,
          `Partition:${partition}`,
          `Offset:${offset}`,
          'content-type:application/json',
          key,
          value,
        ].join('\t'),
      );
      expect(lines.sort()).toEqual(expected.sort());
    },
    START_MS,
  );

  test(
    'Apache Avro decodes each value with the schema of the registry',
    async () => {
      const { topic, sink } = await newSink(1);
      const registry = { url: kafka.registry.url, register: true, subject_strategy: 'topic' } as const;
      const schemaId = await resolveSchemaId(registry, topic, JSON.stringify(SCHEMA));
      const core = await loadCore({
        format: 'kafka',
        kafka: { partitions: 1, key: 'host', encoding: 'avro', schemaId },
      });
      const records = accepts(200, { comm: 'naïve 日本', cgroup: 'web.service', lost: 2 ** 40, uid: 4_294_967_295 });
      const { type } = await Writer.register(kafka);
      const datums = Buffer.concat(records.map((record) => type.toBuffer(record)));
      core.input.set(datums);
      for (const portion of core.portions(datums.length)) await sink.write(portion);
      await sink.close();

      const values = (await readRaw(kafka.brokers, topic, records.length)).map(({ value }) => value);
      for (const value of values) expect([value[0], value.readInt32BE(1)]).toEqual([0, schemaId]);
      const files = { schema: join(folder, 'schema.avsc'), datums: join(folder, 'datums') };
      const answer = await fetch(`${kafka.registry.url}/schemas/ids/${schemaId}`);
      writeFileSync(files.schema, ((await answer.json()) as { schema: string }).schema);
      writeFileSync(files.datums, Buffer.concat(values.map((value) => value.subarray(FRAME_BYTES))));
      const args = ['fragtojson', '--no-pretty', '--schema-file', files.schema, files.datums];
      const decoded = (await output(await avroTool(args))).map((line) => JSON.parse(line) as unknown);
      expect(decoded).toEqual(records);
    },
    START_MS,
  );
});
