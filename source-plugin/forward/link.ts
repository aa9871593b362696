import { hostname } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import type { ForwardConfig } from '../config/types.js';
import { secureOptions } from '../network/tls.js';
import type { Chunk } from './chunk.js';
import { Connection, type Server } from './connection.js';
import { allOf, classify, type Failure, fault } from './failures.js';
import { type Credentials, heloOf, shakeHands } from './handshake.js';
import type { Unpacked } from './msgpack.js';

interface Established {
  readonly connection: Connection;
  /** False: the server wants a connection for each chunk. */
  readonly isKept: boolean;
}

/**
 * The connection to the first of the servers that takes one; made again when it is needed and has ended. Throws SINK
 * naming the option that can't be used.
 */
export class Link {
  readonly #config: ForwardConfig;
  readonly #servers: readonly Server[];
  readonly #tls: ConnectionOptions | undefined;
  readonly #credentials: Credentials | undefined;
  readonly #onWait: (message: string) => void;
  #open: Connection | undefined;
  #established: Established | undefined;
  #isEnded = false;

  constructor(config: ForwardConfig, onWait: (message: string) => void) {
    this.#config = config;
    this.#servers = config.servers.map(serverOf);
    this.#tls = config.tls && secureOptions(config.tls, 'connect to a Forward server');
    this.#credentials = credentialsOf(config);
    this.#onWait = onWait;
  }

  /** Connects, with the handshake when there is a key or a user. Rejects with what is wrong with each server. */
  async connect(): Promise<Connection> {
    if (this.#established?.connection.isOpen) return this.#established.connection;
    const failures: Failure[] = [];
    for (const server of this.#servers) {
      try {
        this.#established = await this.#reach(server);
        if (failures.length > 0) this.#onWait(`${messagesOf(failures)}: goes on with ${server.where}`);
        return this.#established.connection;
      } catch (error) {
        failures.push(classify(error, server.where, this.#config.tls));
      }
    }
    throw allOf(failures);
  }

  /** Resolves when the server has acknowledged the chunk. What rejects leaves no connection behind. */
  async deliver({ id, pieces }: Chunk): Promise<void> {
    const connection = await this.connect();
    try {
      connection.send(pieces);
      checkAck(connection, await connection.answer(this.#config.ack_timeout_ms, 'ack'), id);
      if (!this.#established?.isKept) connection.destroy();
    } catch (error) {
      connection.destroy();
      throw allOf([classify(error, connection.where, this.#config.tls)]);
    }
  }

  /** A server that wants a handshake says so at once; rejects when it does within `ms`. */
  async look(ms: number): Promise<void> {
    const connection = await this.connect();
    if (this.#credentials) return;
    const answer = await connection.answer(ms, 'HELO').catch((error: unknown) => {
      const failure = classify(error, connection.where, this.#config.tls);
      if (failure.kind !== 'silent') throw allOf([failure]);
      return undefined;
    });
    if (answer !== undefined) throw unexpected(connection, answer);
  }

  /** For good. What waits is rejected. */
  end(): void {
    this.#isEnded = true;
    this.#open?.destroy();
  }

  async #reach(server: Server): Promise<Established> {
    if (this.#isEnded) throw fault('closed', 'the sink was closed');
    const connection = new Connection(server, this.#tls);
    this.#open = connection;
    try {
      await connection.ready;
      const isKept = this.#credentials ? await shakeHands(connection, this.#credentials) : true;
      return { connection, isKept };
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }
}

function credentialsOf({ shared_key, username, password, self_hostname }: ForwardConfig): Credentials | undefined {
  if (shared_key === undefined && username === undefined) return undefined;
  return {
    hostname: self_hostname ?? hostname(),
    sharedKey: shared_key ?? '',
    username: username ?? '',
    password: password ?? '',
  };
}

/** Of host:port or [IPv6 address]:port. */
function serverOf(where: string): Server {
  const at = where.lastIndexOf(':');
  return { host: where.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(where.slice(at + 1)), where };
}

function checkAck(connection: Connection, answer: Unpacked, id: string): void {
  const ack = answer instanceof Map ? (answer.get('ack') as Unpacked) : undefined;
  if (!Buffer.isBuffer(ack) || ack.toString() !== id) throw unexpected(connection, answer);
}

function unexpected({ where }: Connection, answer: Unpacked): Error {
  if (heloOf(answer))
    return fault('refused', `${where} wants a handshake: set shared_key, and username if it has users`);
  return fault('foreign', `${where} answers something else than the ack of the chunk: check servers`);
}

function messagesOf(failures: readonly Failure[]): string {
  return failures.map(({ message }) => message).join('; ');
}
