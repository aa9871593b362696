import { loadCore } from '../../filter-core/index.js';
import type { FileConfig, ForwardConfig, KafkaConfig, SinkConfig, StdoutConfig } from '../config/types.js';
import { ownSchema } from '../container/header.js';
import { checkFileSink, describeFileSink } from '../file/check.js';
import { openFileSink } from '../file/sink.js';
import { checkForwardSink, openForwardSink } from '../forward/sink.js';
import { checkKafkaSink, type KafkaEvents, openKafkaSink } from '../kafka/sink.js';
import type { TopicPlan } from '../kafka/topic.js';
import { RegistryClient, resolveSchemaId, type SchemaPlan } from '../registry/client.js';
import { stdoutSink } from '../stdout.js';
import { zoneAt } from '../zone.js';
import type { Outlet } from './outlets.js';

/** What a person at a terminal takes for at once. */
const SCREEN_MS = 20;
/** How long a check waits for a registry. */
const REGISTRY_MS = 5_000;
/** A chunk costs a round trip. */
const CHUNK_MS = 20;

/** An outlet that is ready, and what it will do in words. */
export interface Opened {
  readonly outlet: Outlet;
  readonly summary: string;
}

/** What sinks tell of themselves. */
export interface OutletEvents extends KafkaEvents {
  /** A line that says what went as configured. */
  onNote(message: string): void;
}

/** Connects a configured sink. Rejects with the sink's own error and remedy; `events` hears what is retried. */
export function openOutlet(name: string, config: SinkConfig, events: OutletEvents): Promise<Opened> {
  if (config.type === 'stdout') return openStdout(name, config);
  if (config.type === 'file') return openFile(name, config, events);
  return config.type === 'forward' ? openForward(name, config, events) : openKafka(name, config, events);
}

/**
 * What openOutlet would do, in words. Creates and registers nothing, and waits some seconds for what is away; `onWait`
 * hears of it. Rejects as openOutlet does.
 */
export async function checkOutlet(config: SinkConfig, onWait: (message: string) => void): Promise<string> {
  if (config.type === 'stdout') return describeStdout(config);
  if (config.type === 'file') return checkFileSink(config);
  if (config.type === 'forward') return checkForwardSink(config, { onWait }).then(() => describeForward(config));
  const { topic, registry } = config;
  const client = registry && new RegistryClient(registry, { onWait, waitMs: REGISTRY_MS, timeoutMs: REGISTRY_MS });
  const schema = await client?.planSchema(topic, ownSchema());
  return describeKafka(config, await checkKafkaSink(config, { onWait }), schema);
}

async function openStdout(name: string, config: StdoutConfig): Promise<Opened> {
  const { required, format, time, timestamp } = config;
  const core = await loadCore({ format, time, timestamp, zoneAt });
  return {
    outlet: { name, required, core, sink: stdoutSink(), lingerMs: SCREEN_MS },
    summary: describeStdout(config),
  };
}

async function openFile(name: string, config: FileConfig, { onWait, onNote }: OutletEvents): Promise<Opened> {
  const { required, linger_ms: lingerMs } = config;
  const core = await loadCore({ format: 'avro' });
  const sink = openFileSink(config, { onWarn: onWait, onNote });
  return { outlet: { name, required, core, sink, lingerMs }, summary: describeFileSink(config) };
}

async function openForward(name: string, config: ForwardConfig, events: OutletEvents): Promise<Opened> {
  const core = await loadCore({ format: 'forward' });
  const sink = await openForwardSink(config, events);
  const outlet = { name, required: config.required, core, sink, lingerMs: CHUNK_MS };
  return { outlet, summary: describeForward(config) };
}

async function openKafka(name: string, config: KafkaConfig, events: KafkaEvents): Promise<Opened> {
  const { key, encoding, required, topic, registry } = config;
  const schemaId = registry && (await resolveSchemaId(registry, topic, ownSchema(), events));
  const { partitions, sink } = await openKafkaSink(config, events);
  const core = await loadCore({ format: 'kafka', kafka: { partitions, key, encoding, schemaId } });
  return {
    outlet: { name, required, core, sink, lingerMs: config.linger_ms },
    summary: describeKafka(config, { partitions }, registry && { id: schemaId }),
  };
}

function describeStdout({ format }: StdoutConfig): string {
  return `${format} to stdout`;
}

function describeForward({ tag, servers, shared_key, username, tls }: ForwardConfig): string {
  const details = [
    `tag ${tag}`,
    ...(shared_key === undefined ? [] : ['shared key']),
    ...(username === undefined ? [] : [`user ${username}`]),
    ...(tls ? ['TLS'] : []),
  ];
  return `Forward entries (${details.join(', ')}) to ${servers.join(', ')}`;
}

function describeKafka(
  { encoding, topic, key, brokers }: KafkaConfig,
  { partitions, replication }: TopicPlan,
  schema?: Partial<SchemaPlan>,
): string {
  const isNew = replication !== undefined;
  const details = [
    `${isNew ? 'would be created with ' : ''}${partitions} partitions`,
    ...(isNew ? [`replication ${replication}`] : []),
    `key ${key}`,
    ...(schema
      ? [schema.id === undefined ? `schema would be registered as ${schema.subject}` : `schema id ${schema.id}`]
      : []),
  ];
  return `${encoding} to topic ${topic} (${details.join(', ')}) at ${brokers.join(', ')}`;
}
