import type { RegistryOptions } from './options.js';

interface NamedSchema {
  readonly name?: unknown;
  readonly namespace?: unknown;
}

/** The subject of a topic's values, as Confluent's TopicName, RecordName and TopicRecordName strategies make it. */
export function subjectOf(strategy: RegistryOptions['subject_strategy'], topic: string, schemaText: string): string {
  if (strategy === 'topic') return `${topic}-value`;
  const record = fullName(JSON.parse(schemaText) as NamedSchema);
  return strategy === 'record' ? record : `${topic}-${record}`;
}

// A name with a dot in it is a full name already; its namespace is then ignored (Avro specification, Names).
function fullName({ name, namespace }: NamedSchema): string {
  const own = String(name);
  return namespace && !own.includes('.') ? `${namespace}.${own}` : own;
}
