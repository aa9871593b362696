import { readFileSync } from 'node:fs';
import { Type } from 'avsc';
import type { Message, Producer } from 'kafkajs';
import type { CoreOptions } from '../../filter-core/index.js';
import { loadCore } from '../../filter-core/index.js';
import type { Accept } from '../../source-plugin/index.js';
import { drain } from '../filter-core/support.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { type Shared, uniqueName } from '../support/kafka.js';
import { Program, type ProgramOptions } from '../support/program.js';
import { administer, clientOf, createTopic } from './topics.js';

const MEDIA_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' };

/** Our schema as JSON. */
export const SCHEMA = JSON.parse(readFileSync(new URL('../../schemas/accept.avsc', import.meta.url), 'utf8')) as {
  readonly fields: readonly { readonly name: string }[];
};

/** Records that differ in what a row shows; each one's number is in its pid and in its time. */
export function numbered(count: number, fields: Partial<Accept> = {}): Accept[] {
  return Array.from({ length: count }, (_, index) =>
    acceptOf({
      pid: index,
      event_time: 1_790_000_000_000_000 + index * 1000,
      monotonic_us: 5_000_000 + index * 1000,
      ...(index % 3 === 0 && { ip_version: 6, remote_address: `2001:db8::${index.toString(16)}`, local_port: 80 }),
      ...fields,
    }),
  );
}

/** A datum in Confluent framing. */
export function framed(id: number, datum: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, datum]);
}

/** A writer: its schema under an id of the registry. */
export class Writer {
  readonly id: number;
  readonly type: Type;
  readonly schema: object;

  private constructor(id: number, schema: object) {
    this.id = id;
    this.schema = schema;
    this.type = Type.forSchema(schema as Parameters<typeof Type.forSchema>[0]);
  }

  static async register({ registry }: Shared, schema: object = SCHEMA): Promise<Writer> {
    const body = JSON.stringify({ schema: JSON.stringify(schema) });
    const path = `/subjects/${uniqueName('read')}/versions`;
    const answer = await fetch(`${registry.url}${path}`, { method: 'POST', headers: MEDIA_TYPE, body });
    return new Writer(((await answer.json()) as { id: number }).id, schema);
  }

  datum(record: object): Buffer {
    return this.type.toBuffer(record);
  }

  value(record: object): Buffer {
    return framed(this.id, this.datum(record));
  }

  /** What a core makes of records: what the command must print behind the header. */
  async text(records: readonly object[], options: Partial<CoreOptions> = {}): Promise<string> {
    const core = await loadCore({ format: 'tcpaccept', ...options, writerSchema: this.schema });
    const fitting = Math.floor(core.input.length / 1000);
    let text = '';
    for (let at = 0; at < records.length; at += fitting) {
      const datums = records.slice(at, at + fitting).map((record) => this.datum(record));
      text += drain(core, Buffer.concat(datums)).text;
    }
    return text;
  }
}

/** A topic of our own, written by plain kafkajs. */
export class Topic {
  readonly name: string;
  readonly kafka: Shared;
  readonly #producer: Producer;

  private constructor(name: string, kafka: Shared, producer: Producer) {
    this.name = name;
    this.kafka = kafka;
    this.#producer = producer;
  }

  static async create(kafka: Shared, { partitions = 1, settings = {} } = {}): Promise<Topic> {
    const name = uniqueName('read');
    await createTopic(kafka.brokers, name, { partitions, settings });
    return Topic.over(kafka, name);
  }

  /** One that is there. */
  static async over(kafka: Shared, name: string): Promise<Topic> {
    const producer = clientOf(kafka.brokers).producer();
    await producer.connect();
    return new Topic(name, kafka, producer);
  }

  /** In one batch, to one partition. */
  async send(messages: readonly (Message | Buffer | null)[], { partition = 0, compression = 0 } = {}): Promise<void> {
    const placed = messages.map((one) => ({
      ...(Buffer.isBuffer(one) || one === null ? { value: one } : one),
      partition,
    }));
    await this.#producer.send({ topic: this.name, messages: placed, compression, acks: -1 });
  }

  async sendAll(values: readonly Buffer[], partition = 0): Promise<void> {
    for (let at = 0; at < values.length; at += 1000) await this.send(values.slice(at, at + 1000), { partition });
  }

  /** As retention does. */
  async deleteBefore(offset: number): Promise<void> {
    await administer(this.kafka.brokers, async (admin) => {
      // kafkajs's deletion needs to have asked for the topic before.
      await admin.fetchTopicOffsets(this.name);
      await admin.deleteTopicRecords({ topic: this.name, partitions: [{ partition: 0, offset: String(offset) }] });
    });
  }

  /** The arguments that read it. */
  args(...more: readonly string[]): string[] {
    const { brokers, registry } = this.kafka;
    return ['read', '--kafka', brokers.join(), '--topic', this.name, '--registry', registry.url, ...more];
  }

  start(args: readonly string[] = [], options: ProgramOptions = {}): Program {
    return new Program(this.args(...args), options);
  }

  /** Runs the command to its end. */
  async read(...args: readonly string[]) {
    const program = this.start(args);
    const { code, signal } = await program.exit;
    return { code, signal, bytes: program.stdoutBytes.toString('latin1'), stderr: program.stderr };
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }
}
