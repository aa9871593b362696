import { startKafka as startBrokers } from '../../pipelines/kafka-local/broker.mjs';
import {
  avroTool as avroCommand,
  missingPrograms,
  kafkaTool as toolCommand,
} from '../../pipelines/kafka-local/java.mjs';
import {
  prepareRegistry as prepareServer,
  startRegistry as startServer,
} from '../../pipelines/kafka-local/registry.mjs';

export interface KafkaOptions {
  /** 1 unless given. Three brokers have replication 3 and min ISR 2 by default. */
  readonly brokers?: 1 | 3;
  /** Adds the listeners beside `plaintext`, and an authorizer that allows what no ACL forbids. */
  readonly security?: boolean;
  /** Into each broker's configuration. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

/** A Java process of ours. */
export interface Server {
  readonly pid: number;
  readonly isRunning: boolean;
  /** Resolves when the process that runs now has ended. */
  readonly ended: Promise<unknown>;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** SIGKILL unless given; resolves when the process is gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** SIGSTOP: its sockets stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kill -9 if it runs, then a start with the same data and ports; resolves when it serves. */
  restart(): Promise<void>;
}

export const LISTENERS = ['plaintext', 'sasl', 'tls', 'mtls', 'sasl_tls', 'expired', 'misnamed', 'ipv6'] as const;

/**
 * sasl: PLAIN and SCRAM; tls: no client certificate; mtls: one by `ca` required; sasl_tls: both;
 * expired, misnamed: tls with a certificate that is out of date, that names another host; ipv6: plaintext on [::1],
 * where there is such an address.
 */
export type Listener = (typeof LISTENERS)[number];

/** What a client needs to reach the brokers. */
export interface KafkaAddresses {
  /** host:port of each broker's plaintext listener. */
  readonly brokers: readonly string[];
  /** host:port of each broker; without security, of plaintext only. */
  readonly listeners: Readonly<Record<Listener, readonly string[]>>;
  /** Whom the SASL listeners let in. */
  readonly user: { readonly username: string; readonly password: string };
  /**
   * Folder of NAME.pem and NAME.key: ca, server, server-expired, server-misnamed, client, client-expired, foreign-ca,
   * client-foreign. Only with security.
   */
  readonly certificates: string;
}

export interface Kafka extends KafkaAddresses {
  readonly nodes: readonly Server[];
  stop(): Promise<void>;
}

export interface Registry {
  /** Base of its Confluent API. */
  readonly url: string;
  readonly server: Server;
  stop(): Promise<void>;
}

/** Starts real brokers on free ports of 127.0.0.1 and waits until all of them serve. */
export const startKafka: (options?: KafkaOptions) => Promise<Kafka> = startBrokers;

/** Starts a real registry, empty and with compatibility NONE, and waits until it serves. */
export const startRegistry: () => Promise<Registry> = () => startServer();

/** As startRegistry, but `server` is still to be started; the url is known already. */
export const prepareRegistry: () => Promise<Registry> = () => prepareServer();

/** argv that runs a class of Kafka's own tools, such as org.apache.kafka.tools.ConsoleConsumer. */
export const kafkaTool: (main: string, args: readonly string[]) => Promise<string[]> = (main, args) =>
  toolCommand(main, [...args]);

/** argv that runs one of Apache Avro's own tools for Java, such as fragtojson. */
export const avroTool: (args: readonly string[]) => Promise<string[]> = (args) => avroCommand([...args]);

/** Why there can be no broker here; '' when there can. */
export const kafkaReason: () => string = missingPrograms;

/** A broker with all listeners and a registry that the test files of a run share: use topics and subjects of your own. */
export interface Shared extends KafkaAddresses {
  readonly registry: { readonly url: string };
}

let shared: Promise<[Kafka, Registry]> | undefined;

/** Starts them; a second call gives the same ones. */
export async function startShared(): Promise<Shared> {
  shared ??= Promise.all([startKafka({ security: true }), startRegistry()]);
  const [{ brokers, listeners, user, certificates }, { url }] = await shared;
  return { brokers, listeners, user, certificates, registry: { url } };
}

/** Ends them if they were started. */
export async function stopShared(): Promise<void> {
  const servers = await shared?.catch(() => []);
  await Promise.all((servers ?? []).map((server) => server.stop()));
}
