import { loadFile } from '../config/load.js';
import { type Conflict, conflicts } from '../config/rules.js';
import type { KafkaConfig, RegistryConfig, SaslConfig, TlsConfig } from '../config/types.js';

/** How brokers and registry are reached: keys of a kafka sink's configuration. */
export interface Access {
  readonly tls?: TlsConfig;
  readonly sasl?: SaslConfig;
  readonly registry?: RegistryConfig;
}

const KEYS = ['tls', 'sasl', 'registry'];

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(KEYS.map((key) => [key, { $ref: `config#/definitions/kafka/properties/${key}` }])),
};

/** Reads the file of --access, its secrets in place; throws USAGE with one line per problem. */
export function loadAccess(path: string): Access {
  return loadFile(path, { schema: SCHEMA, defaults: {}, conflicts: accessConflicts });
}

// A sink's rules are an access's too; one of them wants a registry, which --registry may name.
function accessConflicts(access: Access): Conflict[] {
  const registry: RegistryConfig = { url: '', register: false, subject_strategy: 'topic', ...access.registry };
  const sink = { type: 'kafka', encoding: 'avro', ...access, registry } as KafkaConfig;
  const filled = { source: { type: 'live', ring_bytes: 0 }, filter: {}, sinks: { access: sink } } as const;
  return conflicts(filled).map(({ path, message }) => ({ path: path.slice(2), message }));
}
