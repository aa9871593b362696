import { isTable } from '../../filter-core/formats.js';
import type { Path } from './document.js';
import { filterConflicts } from './filter.js';
import type {
  FileConfig,
  ForwardConfig,
  KafkaConfig,
  RegistryConfig,
  RunConfig,
  SaslConfig,
  SinkConfig,
  StdoutConfig,
  TlsConfig,
} from './types.js';

/** A combination that no schema forbids and that can't work. */
export interface Conflict {
  readonly path: Path;
  readonly message: string;
}

type Rule<T> = (config: T) => false | { readonly key: string; readonly message: string };

const STDOUT_RULES: readonly Rule<StdoutConfig>[] = [
  ({ format, time, timestamp }) =>
    !isTable(format) &&
    (time || timestamp) && {
      key: 'format',
      message: 'time and timestamp are columns of the formats tcpaccept and wide',
    },
];

const FILE_RULES: readonly Rule<FileConfig>[] = [
  ({ rotate_bytes, retain_bytes }) =>
    retain_bytes !== undefined &&
    retain_bytes < rotate_bytes && { key: 'retain_bytes', message: 'less than rotate_bytes, the size of one file' },
];

const KAFKA_RULES: readonly Rule<KafkaConfig>[] = [
  ({ encoding, registry }) =>
    encoding === 'avro' &&
    !registry && { key: 'encoding', message: 'avro needs a registry (registry.url), or use encoding: json' },
  ({ encoding, registry }) =>
    encoding === 'json' &&
    registry !== undefined && { key: 'registry', message: 'json needs no registry: leave it out' },
];

const TLS_RULES: readonly Rule<TlsConfig>[] = [
  ({ cert_file, key_file }) =>
    (cert_file === undefined) !== (key_file === undefined) && {
      key: cert_file === undefined ? 'key_file' : 'cert_file',
      message: 'a client certificate needs both cert_file and key_file',
    },
];

const SASL_RULES: readonly Rule<SaslConfig>[] = [
  ({ password, password_file }) =>
    (password === undefined) === (password_file === undefined) && {
      key: password === undefined ? 'username' : 'password',
      message: 'give one of password and password_file',
    },
];

interface UserConfig {
  readonly username?: string;
  readonly password?: string;
  readonly password_file?: string;
}

const USER_RULES: readonly Rule<UserConfig>[] = [
  ({ username, password, password_file }) =>
    username !== undefined &&
    (password === undefined) === (password_file === undefined) && {
      key: 'username',
      message: 'a username needs one of password and password_file',
    },
  ({ username, password, password_file }) =>
    username === undefined &&
    (password ?? password_file) !== undefined && {
      key: password === undefined ? 'password_file' : 'password',
      message: 'a password needs a username',
    },
];

const FORWARD_RULES: readonly Rule<ForwardConfig>[] = [
  ...USER_RULES,
  ({ shared_key, shared_key_file }) =>
    shared_key !== undefined &&
    shared_key_file !== undefined && { key: 'shared_key', message: 'give one of shared_key and shared_key_file' },
  ({ self_hostname, shared_key, shared_key_file, username }) =>
    self_hostname !== undefined &&
    (shared_key ?? shared_key_file ?? username) === undefined && {
      key: 'self_hostname',
      message: 'only a handshake needs it, which needs a shared_key or a username',
    },
];

const REGISTRY_RULES: readonly Rule<RegistryConfig>[] = [
  ...USER_RULES,
  ({ username, token, token_file }) =>
    [username, token, token_file].filter((given) => given !== undefined).length > 1 && {
      key: token === undefined ? 'token_file' : 'token',
      message: 'give one of username, token and token_file',
    },
  ({ url, ca_file }) =>
    ca_file !== undefined &&
    String(url).startsWith('http:') && { key: 'ca_file', message: 'certificates need a url that starts with https:' },
];

// What has the wrong shape is the schema's to refuse.
function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken<T>(config: T | undefined, rules: readonly Rule<T>[], path: Path): Conflict[] {
  if (!isMap(config)) return [];
  return rules.flatMap((rule) => {
    const found = rule(config);
    return found ? [{ path: [...path, found.key], message: found.message }] : [];
  });
}

function sinkConflicts(sink: SinkConfig, path: Path): Conflict[] {
  if (sink.type === 'file') return broken(sink, FILE_RULES, path);
  if (sink.type === 'stdout') return broken(sink, STDOUT_RULES, path);
  if (sink.type === 'forward')
    return [...broken(sink, FORWARD_RULES, path), ...broken(sink.tls, TLS_RULES, [...path, 'tls'])];
  if (sink.type !== 'kafka') return [];
  return [
    ...broken(sink, KAFKA_RULES, path),
    ...broken(sink.tls, TLS_RULES, [...path, 'tls']),
    ...broken(sink.sasl, SASL_RULES, [...path, 'sasl']),
    ...broken(sink.registry, REGISTRY_RULES, [...path, 'registry']),
  ];
}

/** What only one sink can have: stdout, and each path of files. */
function placeOf(sink: SinkConfig): string | undefined {
  if (sink.type === 'file') return sink.path;
  return sink.type === 'stdout' ? 'stdout' : undefined;
}

function crowded(sinks: readonly (readonly [string, SinkConfig])[]): Conflict[] {
  return sinks.flatMap(([name, sink], index) => {
    const place = placeOf(sink);
    const first = sinks.slice(0, index).find(([, other]) => place !== undefined && placeOf(other) === place);
    if (!first) return [];
    return [{ path: ['sinks', name], message: `only one sink can have ${place}, and ${first[0]} has it` }];
  });
}

/** Every impossible combination in a configuration; one that is of the wrong shape elsewhere is looked at, too. */
export function conflicts(config: RunConfig): Conflict[] {
  const sinks = isMap(config.sinks) ? Object.entries(config.sinks).filter(([, sink]) => isMap(sink)) : [];
  const found = sinks.flatMap(([name, sink]) => sinkConflicts(sink, ['sinks', name]));
  return [...(isMap(config.filter) ? filterConflicts(config.filter) : []), ...crowded(sinks), ...found];
}
