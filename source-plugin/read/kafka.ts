import type { Core } from '../../filter-core/index.js';
import { usageError } from '../cli/errors.js';
import type { ReadOptions } from '../cli/read-options.js';
import { type KafkaSource, openKafkaSource } from '../kafka/source.js';
import { RegistryClient } from '../registry/client.js';
import { type Access, loadAccess } from './access.js';
import { Notes } from './notes.js';

const REGISTRY_WAIT_MS = 5_000;

/** A topic that a reading was asked for, and what stderr says of it at the end. */
export interface Topic {
  readonly source: KafkaSource;
  readonly notes: Notes;
}

/** Connects; `say` gets lines for the user. */
export async function openTopic(
  options: ReadOptions,
  core: Core,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<Topic> {
  const { brokers = [], topic = '', since, follow } = options;
  const { tls, sasl, registry } = accessOf(options);
  const notes = new Notes(topic, say);
  const events = { onWait: say, onSkip: notes.skip.bind(notes) };
  const schemas = new RegistryClient(registry, { onWait: say, signal, waitMs: REGISTRY_WAIT_MS });
  const access = { brokers, client_id: 'acceptstream', tls, sasl };
  const from = since === 'beginning' ? since : Math.floor(since / 1000);
  return { notes, source: await openKafkaSource({ access, topic, from, follow, schemas, core, events, signal }) };
}

function accessOf(options: ReadOptions): Access & Required<Pick<Access, 'registry'>> {
  const access: Access = options.access === undefined ? {} : loadAccess(options.access);
  const url = options.registry ?? access.registry?.url;
  if (!url) throw usageError('no registry: give --registry, or registry in the file of --access');
  return { ...access, registry: { subject_strategy: 'topic', register: false, ...access.registry, url } };
}
