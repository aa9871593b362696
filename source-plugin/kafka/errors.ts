import { AcceptstreamError } from '../../schemas/error.js';
import type * as network from '../network/patience.js';
import { TLS_REFUSALS } from '../network/tls-refusals.js';
import { decodeBroker } from './address.js';
import { BROKER_REFUSALS, type RefusalContext } from './refusals.js';
import { NOT_KAFKA } from './sockets.js';

/**
 * What a failure is to us. `refused`: only a change of a configuration can help. `unreachable`: waiting helps.
 * `not_ready`: a broker asks for patience, as in an election. `closed`: a broker that stops, or one that expects TLS or SASL. `foreign`: what answers does not speak Kafka.
 * `unknown_topic`: deleted, or not known yet everywhere. `sequence`: this producer can't go on, a new one can.
 */
export type FailureKind = 'refused' | 'unreachable' | 'not_ready' | 'closed' | 'foreign' | 'unknown_topic' | 'sequence';

export type Failure = network.Failure<FailureKind>;

/** The fields of kafkajs's errors that tell them apart. */
interface KafkaFault extends Error {
  /** Protocol errors: the broker's word. */
  readonly type?: string;
  /** Connection errors: the system's or the TLS library's. */
  readonly code?: string | number;
  readonly broker?: string;
  readonly retriable?: boolean;
  readonly errors?: readonly Error[];
}

const WRAPPERS = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError'];
const NEW_PRODUCER = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
];
// kafkajs names every failure during SASL an authentication error, and forgets its cause.
const CLOSED_DURING_SASL = /Connection closed|Closed connection|Not connected|Connection error|timed out/i;

/** Says what an error of kafkajs means, whatever it is wrapped in. */
export function classify(error: unknown, context: RefusalContext): Failure {
  const fault = rootOf(error);
  const failure = refusalOf(fault, context) ?? brokerFailure(fault, context) ?? connectionFailure(fault, context);
  return { ...failure, cause: fault };
}

function rootOf(error: unknown): KafkaFault {
  let fault = (error instanceof Error ? error : new Error(String(error))) as KafkaFault;
  while (WRAPPERS.includes(fault.name) && fault.cause instanceof Error) fault = fault.cause;
  return (fault.errors?.[0] as KafkaFault | undefined) ?? fault;
}

type Outcome = Omit<Failure, 'cause'>;

function refusalOf(fault: KafkaFault, context: RefusalContext): Outcome | undefined {
  if (fault instanceof AcceptstreamError) return { kind: 'refused', message: fault.message };
  const where = placeOf(fault, context);
  const key = String(fault.type ?? fault.code);
  const untrusted = TLS_REFUSALS[key]?.({ where, tls: context.tls, place: 'brokers' });
  const explain = BROKER_REFUSALS[key] ?? saslRefusal(fault);
  const message = untrusted ?? explain?.({ ...context, where });
  return message === undefined ? undefined : { kind: 'refused', message };
}

function placeOf({ broker }: KafkaFault, { brokers }: RefusalContext): string {
  return broker === undefined ? brokers.join(', ') : decodeBroker(broker);
}

function saslRefusal({ name, message }: KafkaFault) {
  if (name !== 'KafkaJSSASLAuthenticationError' || CLOSED_DURING_SASL.test(message)) return undefined;
  return BROKER_REFUSALS[
    /mechanism is not supported/.test(message) ? 'UNSUPPORTED_SASL_MECHANISM' : 'SASL_AUTHENTICATION_FAILED'
  ];
}

function brokerFailure({ type, retriable, message }: KafkaFault, { topic }: RefusalContext): Outcome | undefined {
  if (type === undefined) return undefined;
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return { kind: 'unknown_topic', message: `topic ${topic} does not exist (any more): create it` };
  }
  if (NEW_PRODUCER.includes(type)) {
    const message = `the broker lost track of this producer (${type}): records may arrive twice`;
    return { kind: 'sequence', message, isGrave: true };
  }
  return { kind: retriable ? 'not_ready' : 'refused', message: `the broker answers ${type}: ${message}` };
}

function connectionFailure(fault: KafkaFault, context: RefusalContext): Outcome {
  const where = placeOf(fault, context);
  if (fault.code === NOT_KAFKA || !fault.name.startsWith('KafkaJS')) {
    return {
      kind: 'foreign',
      message: `${where} is no Kafka broker's port: ${reasonOf(fault)}${hint(fault, context)}`,
    };
  }
  if (isClosing(fault)) {
    return { kind: 'closed', message: `${where} closes the connection`, remedy: closedRemedy(context) };
  }
  return { kind: 'unreachable', message: `cannot reach ${where} (${reasonOf(fault)})` };
}

function isClosing({ name, code, message }: KafkaFault): boolean {
  return (
    name === 'KafkaJSConnectionClosedError' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    (name === 'KafkaJSSASLAuthenticationError' && CLOSED_DURING_SASL.test(message))
  );
}

// Without TLS and SASL a listener that wants either just hangs up.
function closedRemedy({ tls, sasl }: RefusalContext): string {
  const expected = [
    ...(tls ? ['speaks no TLS (leave tls out)'] : ['expects TLS (add tls)']),
    ...(sasl ? [] : ['expects SASL (add sasl)']),
  ];
  return `its listener ${expected.join(' or ')}`;
}

function hint({ message }: KafkaFault, { tls }: RefusalContext): string {
  return /speaks TLS/.test(message) && !tls ? ': add tls' : ': check brokers';
}

function reasonOf({ message }: KafkaFault): string {
  return message.replace(/^Connection error: /, '');
}
