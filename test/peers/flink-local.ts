import { loadCore } from '../../filter-core/index.js';
import { sqlOf } from '../../pipelines/flink/local.mjs';
import type { Accept } from '../../source-plugin/index.js';
import { type BlockBatch, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { resolveSchemaId } from '../../source-plugin/registry/client.js';
import { configOf } from '../kafka/config.js';
import { SCHEMA } from '../kafka/read-support.js';
import { clientOf } from '../kafka/topics.js';
import { datumOf } from '../source-plugin/memory-source.js';
import type { Kafka, Registry } from '../support/kafka-servers.js';
import { until } from '../support/until.js';
import { type Line, PARTITIONS } from './flink-inputs.js';

/** One job may take that long to start or to end on a busy machine. */
const JOB_MS = 120_000;

/** What pipelines/flink/local.mjs starts. */
export interface Local {
  readonly kafka: Kafka;
  readonly registry: Registry;
  readonly flink: { readonly rest: number; readonly server: { readonly pid: number } };
  session(): Promise<{ run(statement: string): Promise<unknown[][]>; runAll(text: string): Promise<void> }>;
  stop(): Promise<unknown>;
}

/** Writes accepts as the program does: the core's blocks of Avro in the registry's framing, by the Kafka sink. */
export async function sendAccepts({ kafka, registry }: Local, accepts: readonly Accept[]): Promise<void> {
  const { brokers } = kafka;
  const registering = { url: registry.url, register: true, subject_strategy: 'topic' } as const;
  const schemaId = await resolveSchemaId(registering, 'accepts', JSON.stringify(SCHEMA));
  const config = configOf({ brokers, topic: 'accepts', key: 'host', encoding: 'avro' });
  const { sink } = await openKafkaSink(config, { onWait: () => {} });
  const blocks = { partitions: PARTITIONS, key: 'host', encoding: 'avro', schemaId } as const;
  const core = await loadCore({ format: 'kafka', kafka: blocks });
  for (const one of accepts) {
    const datum = datumOf(one);
    core.input.set(datum);
    for (const portion of core.portions(datum.length)) await sink.write(portion as BlockBatch);
  }
  await sink.close();
}

/** Writes lines of JSON, each to its partition. */
export async function sendLines({ kafka }: Local, topic: string, lines: readonly Line[]): Promise<void> {
  const producer = clientOf(kafka.brokers).producer();
  await producer.connect();
  const messages = lines.map(({ partition, value }) => ({ partition, value: JSON.stringify(value) }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** Makes a table end where each partition has had so many records, also when they are still to come. */
export function endingAt(table: string, partitions: readonly number[]): string {
  const counts = Array.from({ length: PARTITIONS }, (_, one) => partitions.filter((partition) => partition === one));
  const offsets = counts.map(({ length }, partition) => `partition:${partition},offset:${length}`).join(';');
  const bounds = `'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = '${offsets}'`;
  return `ALTER TABLE ${table} SET (${bounds});`;
}

/** Runs a job to its end in a session of its own; `settings` come before it. */
export async function runJob(local: Local, job: string, settings: readonly string[]): Promise<void> {
  const session = await local.session();
  await session.runAll(settings.join('\n'));
  await session.runAll(sqlOf(`jobs/${job}.sql`));
}

interface Overview {
  readonly jobs: readonly { readonly jid: string; readonly name: string }[];
}

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    return (await (await fetch(url)).json()) as T;
  } catch {
    return undefined;
  }
}

/** Watermarks of all parts of a job's vertices that have one, in ms since the epoch. */
async function watermarksOf(url: string): Promise<number[]> {
  const job = await ask<{ readonly vertices: readonly { readonly id: string }[] }>(url);
  const values = (job?.vertices ?? []).map(({ id }) =>
    ask<readonly { readonly id: string; readonly value: string }[]>(`${url}/vertices/${id}/watermarks`),
  );
  return (await Promise.all(values)).flatMap((all) =>
    Array.isArray(all) ? all.map(({ value }) => Number(value)) : [],
  );
}

/** Waits until each of so many jobs has a watermark, and none of them one before `goal`. */
export async function untilWatermarks({ flink }: Local, jobs: number, goal: number): Promise<void> {
  let state = '';
  const reached = async () => {
    const ports = Array.from({ length: jobs }, (_, index) => flink.rest + index);
    const lowest = ports.map(async (port) => {
      const url = `http://127.0.0.1:${port}/jobs`;
      const [one] = (await ask<Overview>(`${url}/overview`))?.jobs ?? [];
      const all = one ? await watermarksOf(`${url}/${one.jid}`) : [];
      return { name: one?.name, lowest: all.length > 0 ? Math.min(...all) : Number.NEGATIVE_INFINITY };
    });
    const known = await Promise.all(lowest);
    state = JSON.stringify(known);
    return known.every((one) => one.lowest >= goal);
  };
  await until(() => `watermarks at ${goal}: ${state}`, reached, JOB_MS);
}
