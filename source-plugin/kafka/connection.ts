import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { Kafka as Client, SASLOptions } from 'kafkajs';
import { AcceptstreamError } from '../../schemas/error.js';
import type { KafkaConfig, SaslConfig, TlsConfig } from '../config/types.js';
import { encodeBroker } from './address.js';
import { Kafka, logLevel } from './kafkajs.js';
import { patchTimers } from './patches.js';
import { openSockets, type Sockets } from './sockets.js';

const CONNECT_MS = 5_000;
const REQUEST_MS = 30_000;

/** What of a configuration tells how to reach brokers. */
export type KafkaAccess = Pick<KafkaConfig, 'brokers' | 'client_id' | 'tls' | 'sasl'>;

export interface Connection {
  readonly client: Client;
  readonly sockets: Sockets;
}

/**
 * A client that has not connected yet. It writes nothing to stdout or stderr, and tries once with each bootstrap
 * broker: trying again is the caller's, who knows what is worth it. Throws SINK naming the option that can't be used.
 */
export function createClient({ brokers, client_id, tls, sasl }: KafkaAccess): Connection {
  patchTimers();
  const sockets = openSockets();
  const client = new Kafka({
    clientId: client_id,
    brokers: brokers.map(encodeBroker),
    ...(tls && { ssl: secureOptions(tls) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: brokers.length - 1, initialRetryTime: 50, maxRetryTime: 50 },
    socketFactory: sockets.factory,
    // KAFKAJS_LOG_LEVEL would bring the default logger's lines to stdout.
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
  });
  return { client, sockets };
}

function secureOptions({ ca_file, cert_file, key_file, server_name, ...read }: TlsConfig): ConnectionOptions {
  const options = {
    ...(ca_file && { ca: read.ca ?? readFile('ca_file', ca_file) }),
    ...(cert_file && { cert: read.cert ?? readFile('cert_file', cert_file) }),
    ...(key_file && { key: read.key ?? readFile('key_file', key_file) }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const files = [ca_file, cert_file, key_file].filter((name) => name !== undefined).join(', ');
    throw unusable(`tls: cannot use ${files}: PEM files whose key belongs to the certificate are needed`, cause);
  }
  return { ...options, ...(server_name && { servername: server_name }), rejectUnauthorized: true };
}

function readFile(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unusable(`tls.${key}: cannot read ${path}: ${(cause as Error).message}`, cause);
  }
}

function saslOptions({ mechanism, username, password = '' }: SaslConfig): SASLOptions {
  return { mechanism, username, password };
}

function unusable(message: string, cause?: unknown): AcceptstreamError {
  return new AcceptstreamError('SINK', 'connect to Kafka', message, cause);
}
