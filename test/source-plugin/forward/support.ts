import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { Decoder, decodeMulti, encode } from '@msgpack/msgpack';
import { onTestFinished } from 'vitest';
import { loadCore } from '../../../filter-core/index.js';
import type { Accept } from '../../../schemas/accept.js';
import type { ForwardConfig } from '../../../source-plugin/config/types.js';
import type { Batch, Sink } from '../../../source-plugin/contracts.js';
import { type ForwardEvents, openForwardSink } from '../../../source-plugin/forward/sink.js';
import { encode as datumsOf, drain } from '../../filter-core/support.js';
import { acceptOf } from '../memory-source.js';

export function configOf(fields: Partial<ForwardConfig> & Pick<ForwardConfig, 'servers'>): ForwardConfig {
  return { type: 'forward', required: true, tag: 'accepts', compression: 'none', ack_timeout_ms: 10_000, ...fields };
}

/** What a core hands to the sink for some records. */
export async function batchOf(records: readonly Accept[]): Promise<Batch> {
  const { text } = drain(await loadCore({ format: 'forward' }), datumsOf(records));
  return { bytes: Buffer.from(text, 'latin1'), records: records.length };
}

/** Records that are told apart by their sequence. */
export const numbered = (count: number, from = 1): Accept[] =>
  Array.from({ length: count }, (_, index) => acceptOf({ sequence: from + index }));

/** A sink that is closed when the test ends, and what it told of. */
export async function openSink(config: ForwardConfig, events: Partial<ForwardEvents> = {}) {
  const told: string[] = [];
  const sink: Sink = await openForwardSink(config, { onWait: (message) => told.push(message), ...events });
  onTestFinished(() => sink.close());
  return { sink, told };
}

type Option = { readonly chunk?: string; readonly size?: number; readonly compressed?: string };

/** A message of PackedForward mode, its entries unpacked. */
export interface Received {
  readonly tag: string;
  readonly option: Option;
  readonly records: readonly Accept[];
}

export function receivedOf(message: unknown): Received {
  const [tag, packed, option] = message as [string, Uint8Array, Option];
  const entries = [...decodeMulti(option.compressed === 'gzip' ? gunzipSync(packed) : packed)] as [unknown, Accept][];
  return { tag, option, records: entries.map(([, record]) => record) };
}

export interface Peer {
  readonly socket: Socket;
  /** Number of the connection, from 1. */
  readonly connection: number;
}

export interface Script {
  readonly tls?: TlsOptions;
  readonly host?: string;
  onConnect?(peer: Peer): void;
  onMessage?(message: unknown, peer: Peer): void;
}

export interface ScriptedServer {
  readonly address: string;
  readonly messages: unknown[];
  readonly connections: () => number;
  close(): Promise<void>;
}

export const answer = ({ socket }: Peer, value: unknown) => socket.write(encode(value));

/** Acknowledges as the protocol wants it. */
export function acknowledge(message: unknown, peer: Peer): void {
  answer(peer, { ack: receivedOf(message).option.chunk });
}

/** A server on loopback that does what a script says; its messages are told apart by @msgpack/msgpack. */
export async function startServer(script: Script, port = 0): Promise<ScriptedServer> {
  const messages: unknown[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket) => {
    const peer = { socket, connection: ++connections };
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    script.onConnect?.(peer);
    void readMessages(socket, (message) => {
      messages.push(message);
      script.onMessage?.(message, peer);
    }).catch(() => {});
  };
  const server = script.tls ? createTlsServer(script.tls, onConnection) : createServer(onConnection);
  server.on('tlsClientError', () => {});
  server.listen(port, script.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port: taken, family } = server.address() as AddressInfo;
  const close = async () => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  onTestFinished(close);
  return {
    address: family === 'IPv6' ? `[${address}]:${taken}` : `${address}:${taken}`,
    messages,
    connections: () => connections,
    close,
  };
}

async function readMessages(socket: Socket, take: (message: unknown) => void): Promise<void> {
  const iterator = socket.iterator({ destroyOnReturn: false });
  for await (const message of new Decoder().decodeStream(iterator)) take(message);
}

/** What the guarded servers know. */
export const KEY = 'the shared key';
export const sha512 = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** A handshake as Fluent Bit makes it: random bytes as strings. `pong` answers to a PING. */
export function guarded(pong: (ping: readonly string[], nonce: Buffer) => unknown, options: object = {}) {
  const nonce = Buffer.from([0xff, 0xfe, 0x00, 0x80, ...Buffer.alloc(12, 7)]);
  const raw = (bytes: Buffer) => Buffer.concat([Buffer.of(0xda, 0, bytes.length), bytes]);
  const keepalive = 'keepalive' in options ? Buffer.from('a96b656570616c697665c2', 'hex') : Buffer.of();
  const helo = Buffer.concat([
    ...[Buffer.from('92a448454c4f', 'hex'), Buffer.of(keepalive.length ? 0x83 : 0x82)],
    ...[Buffer.from('a56e6f6e6365', 'hex'), raw(nonce), Buffer.from('a461757468', 'hex'), raw(nonce), keepalive],
  ]);
  return {
    onConnect: ({ socket }: Peer) => void socket.write(helo),
    onMessage: (message: unknown, peer: Peer) => {
      const [kind] = message as string[];
      if (kind === 'PING') answer(peer, pong(message as string[], nonce));
      else acknowledge(message, peer);
    },
  };
}

/** The PONG of a server that has the key. */
export const welcome = (name: string) => (ping: readonly string[], nonce: Buffer) => [
  'PONG',
  true,
  '',
  name,
  sha512(ping[2] ?? '', name, nonce, KEY),
];
