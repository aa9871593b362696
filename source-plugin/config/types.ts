import type { RateKey } from '../../filter-core/filter.js';
import type { TextFormat } from '../../filter-core/formats.js';

/** A configuration that passed schemas/config.schema.json and the rules of rules.ts, defaults filled in. */
export interface RunConfig {
  readonly source: SourceConfig;
  readonly filter: FilterConfig;
  readonly sinks: Readonly<Record<string, SinkConfig>>;
}

export interface SourceConfig {
  readonly type: 'live';
  readonly ring_bytes: number;
}

export interface FilterConfig {
  readonly pid?: number;
  /** Each a port, or a range as 8000-8099. */
  readonly ports?: readonly (number | string)[];
  readonly family?: 4 | 6;
  readonly remote_nets?: readonly string[];
  readonly exclude_remote_nets?: readonly string[];
  readonly local_nets?: readonly string[];
  readonly exclude_local_nets?: readonly string[];
  readonly remote_ports?: readonly (number | string)[];
  readonly uids?: readonly number[];
  readonly comms?: readonly string[];
  /** Inode numbers and paths. */
  readonly netns?: readonly (number | string)[];
  /** From the root of the hierarchy, or from where it is mounted. */
  readonly cgroups?: readonly string[];
  readonly containers?: readonly string[];
  readonly loopback?: boolean;
  readonly rate_limit?: RateLimitConfig;
  readonly cgroup_map?: string;
  readonly mntns_map?: string;
}

export interface RateLimitConfig {
  readonly records: number;
  readonly key: RateKey;
  readonly interval_ms: number;
}

export type SinkConfig = StdoutConfig | FileConfig | KafkaConfig | ForwardConfig;

export interface StdoutConfig {
  readonly type: 'stdout';
  readonly required: boolean;
  readonly format: TextFormat;
  readonly time: boolean;
  readonly timestamp: boolean;
}

export interface FileConfig {
  readonly type: 'file';
  readonly required: boolean;
  /** Absolute. */
  readonly path: string;
  readonly compression: 'none' | 'deflate';
  readonly rotate_bytes: number;
  readonly rotate_ms: number;
  readonly retain_files?: number;
  readonly retain_bytes?: number;
  readonly linger_ms: number;
}

export interface KafkaConfig {
  readonly type: 'kafka';
  readonly required: boolean;
  readonly brokers: readonly string[];
  readonly client_id: string;
  readonly topic: string;
  readonly create_topic?: { readonly partitions: number; readonly replication: number };
  readonly key: 'none' | 'host' | 'remote_address' | 'local_port' | 'process';
  readonly encoding: 'avro' | 'json';
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly linger_ms: number;
  readonly tls?: TlsConfig;
  readonly sasl?: SaslConfig;
  readonly registry?: RegistryConfig;
}

export interface ForwardConfig {
  readonly type: 'forward';
  readonly required: boolean;
  readonly servers: readonly string[];
  readonly tag: string;
  readonly compression: 'none' | 'gzip';
  readonly ack_timeout_ms: number;
  readonly shared_key?: string;
  readonly shared_key_file?: string;
  readonly username?: string;
  readonly password?: string;
  readonly password_file?: string;
  readonly self_hostname?: string;
  readonly tls?: TlsConfig;
}

export interface TlsConfig {
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
  /** What was in those files when the configuration was read. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly server_name?: string;
}

export interface SaslConfig {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password?: string;
  readonly password_file?: string;
}

export interface RegistryConfig {
  readonly url: string;
  readonly register: boolean;
  readonly subject_strategy: 'topic' | 'record' | 'topic_record';
  readonly username?: string;
  readonly password?: string;
  readonly password_file?: string;
  readonly token?: string;
  readonly token_file?: string;
  readonly ca_file?: string;
  /** What was in it when the configuration was read. */
  readonly ca?: string;
}
