import type { Kafka as Client, SASLOptions } from 'kafkajs';
import type { KafkaConfig, SaslConfig } from '../config/types.js';
import { secureOptions } from '../network/tls.js';
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
    ...(tls && { ssl: secureOptions(tls, 'connect to Kafka') }),
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

function saslOptions({ mechanism, username, password = '' }: SaslConfig): SASLOptions {
  return { mechanism, username, password };
}
