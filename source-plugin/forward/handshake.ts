import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AcceptstreamError } from '../../schemas/error.js';
import type { Connection } from './connection.js';
import { fault } from './failures.js';
import { packedList, packedText, type Unpacked, type UnpackedMap } from './msgpack.js';

const ANSWER_MS = 5_000;
const SALT_BYTES = 16;
const REASON_MAX = 200;

/** What a server with a <security> section, or a shared key, wants to be told. */
export interface Credentials {
  /** The name that this side gives; it must not be the server's. */
  readonly hostname: string;
  /** Empty: the server knows users only. */
  readonly sharedKey: string;
  readonly username: string;
  readonly password: string;
}

/** The salt and nonce of one handshake. */
interface Challenge {
  readonly salt: string;
  readonly nonce: Buffer;
}

/**
 * Proves to each side that the other has the shared key (protocol v1, handshake phase); a password is proven too, and
 * neither is sent. Resolves with whether the server keeps the connection for more than one chunk.
 *
 * HELO → PING with SHA-512(salt, own name, nonce, key) → PONG with SHA-512(salt, server's name, nonce, key)
 *
 * @throws AcceptstreamError SINK when the server refuses, or has not got the key.
 */
export async function shakeHands(connection: Connection, credentials: Credentials): Promise<boolean> {
  const helo = heloOf(await connection.answer(ANSWER_MS, 'HELO').catch(withoutHelo));
  if (helo === undefined) throw foreign(connection, 'HELO');
  const challenge = { salt: randomBytes(SALT_BYTES).toString('hex'), nonce: bytesOf(helo.get('nonce')) };
  connection.send([ping(credentials, challenge, bytesOf(helo.get('auth')))]);
  const pong = await connection.answer(ANSWER_MS, 'PONG').catch(withoutPong);
  checkPong(pong, { connection, credentials, challenge });
  return helo.get('keepalive') !== false;
}

/** The options of a HELO; undefined for any other answer. */
export function heloOf(answer: Unpacked): UnpackedMap | undefined {
  if (!Array.isArray(answer) || bytesOf(answer[0]).toString() !== 'HELO') return undefined;
  return answer[1] instanceof Map ? answer[1] : new Map();
}

function bytesOf(value: Unpacked | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

// One write: Fluent Bit takes the PING as what one read gives.
function ping({ hostname, sharedKey, username, password }: Credentials, challenge: Challenge, auth: Buffer): Buffer {
  const { salt, nonce } = challenge;
  const isUser = username !== '' && auth.length > 0;
  const user = isUser ? [username, digest(auth, username, password)] : ['', ''];
  const texts = ['PING', hostname, salt, digest(salt, hostname, nonce, sharedKey), ...user];
  return Buffer.concat([packedList(texts.length), ...texts.map(packedText)]);
}

interface Exchange {
  readonly connection: Connection;
  readonly credentials: Credentials;
  readonly challenge: Challenge;
}

function checkPong(pong: Unpacked, { connection, credentials, challenge }: Exchange): void {
  const { where } = connection;
  if (!Array.isArray(pong) || pong.length !== 5 || bytesOf(pong[0]).toString() !== 'PONG')
    throw foreign(connection, 'PONG');
  const [, isWelcome, reason, name, proof] = pong;
  if (isWelcome !== true) throw refusal(`${where} refuses this client${explain(bytesOf(reason).toString())}`);
  const hostname = bytesOf(name).toString();
  // Its proof would be our own, sent back.
  if (hostname === credentials.hostname)
    throw refusal(`${where} gives the name of this client, ${hostname}, as its own: set self_hostname to another`);
  const expected = Buffer.from(digest(challenge.salt, hostname, challenge.nonce, credentials.sharedKey));
  const given = bytesOf(proof);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw refusal(`${where} has not got the shared key: check servers and shared_key`);
}

/** The server's reason and what to do about it. */
function explain(reason: string): string {
  const remedies: readonly (readonly [RegExp, string])[] = [
    [/shared.?key/i, 'check shared_key'],
    [/user|password|authentication/i, 'check username and password'],
    [/hostname/i, 'set self_hostname to another name'],
    [/source|host/i, 'allow this host there'],
  ];
  const remedy = remedies.find(([pattern]) => pattern.test(reason))?.[1] ?? 'check shared_key, username and password';
  return ` (${reason.slice(0, REASON_MAX)}): ${remedy}`;
}

function refusal(message: string): AcceptstreamError {
  return new AcceptstreamError('SINK', 'handshake', message);
}

function foreign({ where }: Connection, awaited: string): Error {
  return fault('foreign', `${where} answers something else than a ${awaited}: check servers`);
}

// What is there says nothing: one without security, or one that waits for the first bytes of TLS.
function withoutHelo(error: unknown): never {
  throw withRemedy(error, 'silent', 'it may want no shared_key (leave it out) or speak TLS (add tls)');
}

// Fluent Bit says in its log why, and nothing here.
function withoutPong(error: unknown): never {
  throw withRemedy(error, 'closed', 'check shared_key, username and password');
}

function withRemedy(error: unknown, kind: string, remedy: string): unknown {
  const { failure } = error as Partial<ReturnType<typeof fault>>;
  return failure?.kind === kind ? fault(failure.kind, failure.message, remedy) : error;
}
