import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { languageOf } from '../network/language.js';
import { openSocket } from '../network/socket.js';
import { closing, fault } from './failures.js';
import { type Unpacked, unpack } from './msgpack.js';

const CONNECT_MS = 5_000;
/** Of one answer: a HELO has some hundred. */
const ANSWER_BYTES_MAX = 16_384;
/** That nobody has asked for. */
const ANSWERS_MAX = 16;

/** A server, and how it is called in messages. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly where: string;
}

/** A connection to a server, from its first packet on. */
export class Connection {
  readonly where: string;
  /** Resolves when bytes can be sent, with TLS when the server is verified; rejects when no connection comes about. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #answers: Unpacked[] = [];
  #received: Buffer = Buffer.alloc(0);
  #error: unknown;
  /** Looks whether what it waits for has come. */
  #wake: () => void = () => {};

  constructor({ where, host, port }: Server, tls?: ConnectionOptions) {
    this.where = where;
    let isConnected = false;
    this.#socket = openSocket({ host, port, tls }, () => {
      isConnected = true;
      this.#wake();
    });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    const closed = closing(where, tls !== undefined);
    this.#socket.on('error', (error) => this.#end(isReset(error) ? closed : error));
    this.#socket.on('close', () => this.#end(closed));
    const late = fault('unreachable', `cannot reach ${where} (no connection within ${CONNECT_MS / 1000} s)`);
    this.ready = this.#until(() => (isConnected ? true : undefined), CONNECT_MS, late).then(() => {});
  }

  /** False as soon as either side has ended it. */
  get isOpen(): boolean {
    return this.#error === undefined;
  }

  send(pieces: readonly Uint8Array[]): void {
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** The server's next answer. Rejects when it is late, is none, or the connection ends; then it is of no more use. */
  answer(ms: number, awaited: string): Promise<Unpacked> {
    const late = fault('silent', `${this.where} sends no ${awaited} within ${ms / 1000} s`);
    return this.#until(() => this.#answers.shift(), ms, late);
  }

  /** Ends it at once; what waits for an answer is rejected. */
  destroy(reason: Error = fault('closed', `the connection to ${this.where} was closed by this side`)): void {
    this.#end(reason);
  }

  /** What `look` finds at last; the connection is of no more use when that takes too long. */
  #until<T>(look: () => T | undefined, ms: number, late: Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#wake = () => {};
        act();
      };
      const timer = setTimeout(() => this.#end(late), ms);
      this.#wake = () => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#error !== undefined) settle(() => reject(this.#error));
      };
      this.#wake();
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#takeAnswers()) this.#end(this.#foreign());
    this.#wake();
  }

  /** Takes the whole answers off what was received; false when it is no answers, or too many. */
  #takeAnswers(): boolean {
    try {
      for (let found = unpack(this.#received); found; found = unpack(this.#received)) {
        if (found.value === null || this.#answers.length === ANSWERS_MAX) return false;
        this.#answers.push(found.value);
        this.#received = this.#received.subarray(found.length);
      }
      return this.#received.length <= ANSWER_BYTES_MAX;
    } catch {
      return false;
    }
  }

  #foreign(): Error {
    const language = languageOf(this.#received);
    const what = language ? `speaks ${language}` : 'does not speak the Forward protocol';
    const remedy = language === 'TLS' ? 'add tls' : 'check servers';
    return fault('foreign', `${this.where} is no Forward port, it ${what}: ${remedy}`);
  }

  #end(error: unknown): void {
    this.#error ??= error;
    this.#socket.destroy();
    this.#wake();
  }
}

function isReset({ code = '' }: NodeJS.ErrnoException): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(code);
}
