import { createRequire } from 'node:module';
import { BlockRecords } from './messages.js';
import { type BlockFields, produceBody } from './produce-request.js';
import type { RequestMemory } from './request-memory.js';

// All that acceptstream changes in kafkajs 2.2.4, which is pinned: its last release. A test holds what is replaced against
// the code of that release. The changes are for the whole process; made again, they stay the same.

/** The part of kafkajs's RequestQueue that the patches touch. Times are ms, or ms since the epoch. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, InFlight>;
  readonly throttledUntil: number;
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  requestTimeoutIntervalId: NodeJS.Timeout;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

interface InFlight {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

/** The part of kafkajs's Encoder that the patches touch. */
interface Encoder {
  buf: Buffer;
  /** Bytes that `buf` holds. */
  offset: number;
  /** Bytes that follow those in `buf`; nothing is written behind them. */
  tail?: Tail | undefined;
  readonly buffer: Buffer;
  size(): number;
  writeBuffer(bytes: Buffer): Encoder;
  writeEncoder(encoder: Encoder): Encoder;
}

interface Tail {
  readonly pieces: readonly Uint8Array[];
  readonly memory: RequestMemory;
}

interface Exchange {
  readonly request: { encode(): Promise<Encoder> };
  readonly response: object;
}

interface Definition {
  protocol(choice: { readonly version: number }): (fields: BlockFields) => Exchange;
}

const TIMEOUT_CHECK_MS = 1_000;

const require = createRequire(import.meta.url);
const queue = (require('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue }).prototype;
const Encoder = require('kafkajs/src/protocol/encoder') as { new (): Encoder; readonly prototype: Encoder };
const produce = require('kafkajs/src/protocol/requests/produce') as Definition;

const { scheduleCheckPendingRequests } = queue;
const { protocol } = produce;
const { writeEncoder } = Encoder.prototype;
const bufferOf = Object.getOwnPropertyDescriptor(Encoder.prototype, 'buffer')?.get as (this: Encoder) => Buffer;

/**
 * A connection that has nothing to send wakes up every millisecond: the check of pending requests arms the timer of the
 * next one also when nothing is pending and no broker throttles. And it looks for requests that have timed out ten times
 * a second, by a timer that keeps the process alive when nothing else does.
 */
export function patchTimers(): void {
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this);
  };
  queue.scheduleRequestTimeoutCheck = function (this: RequestQueue) {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    const period = Math.min(this.requestTimeout, TIMEOUT_CHECK_MS);
    this.requestTimeoutIntervalId = setInterval(() => checkTimeouts(this), period).unref();
  };
}

function checkTimeouts(requests: RequestQueue): void {
  for (const request of requests.inflight.values())
    if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
  if (!requests.isConnected()) requests.destroy();
}

/**
 * Blocks go to their request as they are, and with one copy to the socket. kafkajs has an Encoder for each record and
 * copies all of them about ten times, each time into fresh, zeroed memory of up to twice the size.
 */
export function patchProduce(): void {
  patchEncoder();
  produce.protocol = (choice) => {
    const make = protocol(choice);
    return (fields) => {
      const { request, response } = make(fields);
      const records: unknown = fields.topicData[0]?.partitions[0]?.messages;
      if (!(records instanceof BlockRecords)) return { request, response };
      return { request: { ...request, encode: () => encodeBlocks(fields, records.memory) }, response };
    };
  };
}

async function encodeBlocks(fields: BlockFields, memory: RequestMemory): Promise<Encoder> {
  return Object.assign(new Encoder(), { tail: { pieces: await produceBody(fields), memory } });
}

/**
 * Around the body of a request kafkajs puts two Encoders more. A tail goes from one to the next by reference, and is copied
 * when the bytes of all are asked for.
 */
function patchEncoder(): void {
  Encoder.prototype.writeEncoder = function (this: Encoder, other) {
    if (other?.tail === undefined) return writeEncoder.call(this, other);
    this.tail = other.tail;
    return this.writeBuffer(bufferOf.call(other));
  };
  Encoder.prototype.size = function (this: Encoder) {
    return (this.tail?.pieces ?? []).reduce((sum, piece) => sum + piece.length, this.offset);
  };
  Object.defineProperty(Encoder.prototype, 'buffer', { get: wholeOf, configurable: true });
}

function wholeOf(this: Encoder): Buffer {
  if (this.tail === undefined) return bufferOf.call(this);
  const { pieces, memory } = this.tail;
  this.buf = memory.join([bufferOf.call(this), ...pieces]);
  this.offset = this.buf.length;
  this.tail = undefined;
  return this.buf;
}
