import type { Path } from './document.js';
import type { KafkaConfig, RegistryConfig, RunConfig, SaslConfig, SinkConfig, StdoutConfig } from './types.js';

/** A combination that no schema forbids and that can't work. */
export interface Conflict {
  readonly path: Path;
  readonly message: string;
}

type Rule<T> = (config: T) => false | { readonly key: string; readonly message: string };

const STDOUT_RULES: readonly Rule<StdoutConfig>[] = [
  ({ format, time, timestamp }) =>
    format !== 'tcpaccept' &&
    (time || timestamp) && { key: 'format', message: 'time and timestamp are columns of the format tcpaccept' },
];

const KAFKA_RULES: readonly Rule<KafkaConfig>[] = [
  ({ encoding, registry }) =>
    encoding === 'avro' &&
    !registry && { key: 'encoding', message: 'avro needs a registry (registry.url), or use encoding: json' },
  ({ encoding, registry }) =>
    encoding === 'json' &&
    registry !== undefined && { key: 'registry', message: 'json needs no registry: leave it out' },
  ({ tls }) =>
    tls !== undefined &&
    (tls.cert_file === undefined) !== (tls.key_file === undefined) && {
      key: 'tls',
      message: 'a client certificate needs both cert_file and key_file',
    },
];

const SASL_RULES: readonly Rule<SaslConfig>[] = [
  ({ password, password_file }) =>
    (password === undefined) === (password_file === undefined) && {
      key: 'sasl',
      message: 'give one of password and password_file',
    },
];

const REGISTRY_RULES: readonly Rule<RegistryConfig>[] = [
  ({ username, password, password_file }) =>
    username !== undefined &&
    (password === undefined) === (password_file === undefined) && {
      key: 'registry',
      message: 'a username needs one of password and password_file',
    },
  ({ username, token, token_file }) =>
    [username, token, token_file].filter((given) => given !== undefined).length > 1 && {
      key: 'registry',
      message: 'give one of username, token and token_file',
    },
];

function broken<T>(config: T | undefined, rules: readonly Rule<T>[], path: Path): Conflict[] {
  if (config === undefined) return [];
  return rules.flatMap((rule) => {
    const found = rule(config);
    return found ? [{ path: [...path, found.key], message: found.message }] : [];
  });
}

function sinkConflicts(sink: SinkConfig, path: Path): Conflict[] {
  if (sink.type === 'stdout') return broken(sink, STDOUT_RULES, path);
  return [
    ...broken(sink, KAFKA_RULES, path),
    ...broken(sink.sasl, SASL_RULES, path),
    ...broken(sink.registry, REGISTRY_RULES, path),
  ];
}

/** Every impossible combination in a configuration that has the right shape. */
export function conflicts({ sinks }: RunConfig): Conflict[] {
  const screens = Object.entries(sinks).filter(([, sink]) => sink.type === 'stdout');
  const crowded = screens.slice(1).map(([name]) => ({
    path: ['sinks', name],
    message: `only one sink can have stdout, and ${screens[0]?.[0]} has it`,
  }));
  return [...crowded, ...Object.entries(sinks).flatMap(([name, sink]) => sinkConflicts(sink, ['sinks', name]))];
}
