import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadCore } from '../../filter-core/index.js';
import type { KafkaConfig, SinkConfig, StdoutConfig } from '../config/types.js';
import { type KafkaEvents, openKafkaSink } from '../kafka/sink.js';
import { resolveSchemaId } from '../registry/client.js';
import { stdoutSink } from '../stdout.js';
import { zoneAt } from '../zone.js';
import type { Outlet } from './outlets.js';

/** What a person at a terminal takes for at once. */
const SCREEN_MS = 20;

/** An outlet that is ready, and what it will do in words. */
export interface Opened {
  readonly outlet: Outlet;
  readonly summary: string;
}

/** Connects a configured sink. Rejects with the sink's own error and remedy; `events` hears what is retried. */
export function openOutlet(name: string, config: SinkConfig, events: KafkaEvents): Promise<Opened> {
  return config.type === 'stdout' ? openStdout(name, config) : openKafka(name, config, events);
}

async function openStdout(name: string, config: StdoutConfig): Promise<Opened> {
  const { required, format, time, timestamp } = config;
  const core = await loadCore({ format, time, timestamp, zoneAt });
  return { outlet: { name, required, core, sink: stdoutSink(), lingerMs: SCREEN_MS }, summary: `${format} to stdout` };
}

async function openKafka(name: string, config: KafkaConfig, events: KafkaEvents): Promise<Opened> {
  const { key, encoding, required, topic, registry } = config;
  const schemaId = registry && (await resolveSchemaId(registry, topic, ownSchema(), events));
  const { partitions, sink } = await openKafkaSink(config, events);
  const core = await loadCore({ format: 'kafka', kafka: { partitions, key, encoding, schemaId } });
  const schema = schemaId === undefined ? '' : `, schema id ${schemaId}`;
  return {
    outlet: { name, required, core, sink, lingerMs: config.linger_ms },
    summary: `${encoding} to topic ${topic} (${partitions} partitions, key ${key}${schema}) at ${config.brokers.join(', ')}`,
  };
}

function ownSchema(): string {
  return readFileSync(createRequire(import.meta.url).resolve('#schemas/accept.avsc'), 'utf8');
}
