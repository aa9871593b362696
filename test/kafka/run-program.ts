import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Accept } from '../../source-plugin/index.js';
import { kafkaReason } from '../support/kafka.js';
import { Program } from '../support/program.js';
import { liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { clientOf } from './topics.js';

const DEADLINE_MS = 40_000;

/** Why live accepts can't go to a broker here; '' when they can. */
export const runReason = (): string => liveReason() || kafkaReason();

// The program reads it again as an ordinary user.
const folder = mkdtempSync(join(tmpdir(), 'acceptstream-run-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

/** Path of a file that the program may read. */
export function fileOf(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, 0o644);
  return path;
}

/** A Kafka sink's part of a configuration: flat JSON, one partition for all, unless given. */
export function sinkOf(brokers: readonly string[], topic: string, fields: object = {}): object {
  return { type: 'kafka', brokers, topic, encoding: 'json', key: 'process', ...fields };
}

/** `acceptstream run FILE` whose Kafka sinks are connected. */
export async function startRun(config: object, name = `${randomUUID()}.yaml`): Promise<Program> {
  const program = new Program(['run', fileOf(name, config)]);
  const sinks = Object.values((config as { sinks: object }).sinks).length;
  await untilStderr(program, (text) => [...text.matchAll(/ to (topic|stdout)/g)].length === sinks);
  return program;
}

/** Waits for something in stderr; throws with what there was when the program ended or the time is up. */
export async function untilStderr(program: Program, ready: (text: string) => boolean, deadlineMs = DEADLINE_MS) {
  await until(
    () => program.stderr,
    () => {
      if (ready(program.stderr)) return true;
      if (program.hasExited) throw new Error(`ended: ${program.stderr}`);
      return false;
    },
    deadlineMs,
  );
}

/** Bytes of memory that the program has now. */
export function residentBytes(program: Program): number {
  return Number(program.status('VmRSS')[0]) * 1024;
}

export interface RawRecord {
  readonly partition: number;
  readonly key: string | undefined;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly contentType: string;
}

/** The first `count` records of a topic, values as bytes. */
export async function readRaw(brokers: readonly string[], topic: string, count: number): Promise<RawRecord[]> {
  const consumer = clientOf(brokers).consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const records: RawRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message: { key, value, timestamp, headers } }) => {
      const contentType = String(headers?.['content-type']);
      records.push({
        partition,
        key: key?.toString(),
        value: value ?? Buffer.of(),
        timestamp: Number(timestamp),
        contentType,
      });
    },
  });
  try {
    await until(
      () => `${records.length} of ${count} records`,
      () => records.length >= count,
      DEADLINE_MS,
    );
  } finally {
    await consumer.disconnect();
  }
  return records;
}

type Numbered = Pick<Accept, 'cpu' | 'sequence' | 'lost'>;

export interface Audit {
  readonly delivered: number;
  readonly doubled: number;
  /** Behind a later one of the same CPU in the same partition. */
  readonly reordered: number;
  /** Numbers missing between the first of a CPU and its last record, less what the records say was lost. */
  readonly unexplained: number;
  /** What the last record of each CPU says was lost before it, added up. */
  readonly lost: number;
}

/** What a reader can tell from the records alone. */
export function auditOf(records: readonly { readonly partition: number; readonly value: string }[]): Audit {
  const latest = new Map<string, number>();
  const cpus = new Map<number, Map<number, number>>();
  let reordered = 0;
  for (const { partition, value } of records) {
    const { cpu, sequence, lost } = JSON.parse(value) as Numbered;
    const place = `${partition}/${cpu}`;
    if (sequence < (latest.get(place) ?? 0)) reordered++;
    latest.set(place, Math.max(sequence, latest.get(place) ?? 0));
    cpus.set(cpu, (cpus.get(cpu) ?? new Map()).set(sequence, lost));
  }
  const lasts = [...cpus.values()].map((seen) => ({ count: seen.size, last: Math.max(...seen.keys()), seen }));
  const lost = lasts.reduce((sum, { seen, last }) => sum + (seen.get(last) ?? 0), 0);
  const delivered = lasts.reduce((sum, { count }) => sum + count, 0);
  const missing = lasts.reduce((sum, { count, last }) => sum + last - count, 0);
  return { delivered, doubled: records.length - delivered, reordered, unexplained: missing - lost, lost };
}
