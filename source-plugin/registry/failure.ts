import { AcceptstreamError } from '../../schemas/error.js';

const OPERATION = 'schema registry';
/** The operation of an error that is about one writer's schema: the registry answered, and others may be usable. */
export const WRITER_SCHEMA = 'writer schema';
const EXCERPT_CHARACTERS = 300;

const AUTHORITY =
  'its certificate is not signed by an authority we trust: set registry.ca_file to the PEM file of its CA';

const PLAIN = 'it does not speak TLS: use http: in registry.url';
const NOT_TLS = /wrong version number|packet length too long/;

/** What Node and OpenSSL call a failure that comes back however often one tries. */
const FATAL_CODES: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  CERT_SIGNATURE_FAILURE: AUTHORITY,
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host: use a name that stands in it as registry.url',
};

/** A failure that may be over soon: the registry is away, starting or overloaded. */
export class Transient extends Error {}

/** A connection that was made and closed again: a server that stops or starts does that, and one that speaks no HTTP. */
export class HungUp extends Transient {}

export function registryError(message: string, cause?: unknown): AcceptstreamError {
  return new AcceptstreamError('SINK', OPERATION, message, cause);
}

export function schemaError(message: string, cause?: unknown): AcceptstreamError {
  return new AcceptstreamError('SINK', WRITER_SCHEMA, message, cause);
}

// The system's own codes: refused, reset, unreachable, no such name yet. Not Node's ERR_ and OpenSSL's EPROTO.
const TRANSIENT = /^(E(?!RR_|PROTO)[A-Z]+|EAI_[A-Z]+|ERR_STREAM_PREMATURE_CLOSE)$/;

const HANG_UPS = ['ECONNRESET', 'EPIPE'];
/** Node's message for a connection that was closed when a part of the answer had come. */
const WITHIN_ANSWER = 'aborted';

/** What a failed connection means: fatal with its remedy, or transient. `place` names the registry. */
export function connectionFailure(place: string, error: NodeJS.ErrnoException): Error {
  const code = error.code ?? '';
  const remedy = FATAL_CODES[code] ?? (NOT_TLS.test(error.message) ? PLAIN : undefined);
  if (remedy) return registryError(`${place}: ${remedy}`, error);
  // A parser's error holds the bytes it could not read, in which a server may echo our secrets.
  if (code.startsWith('HPE_')) return registryError(`${place} does not speak HTTP (${code}): check registry.url`);
  const reason = excerpt(error.message) || code;
  if (HANG_UPS.includes(code) && error.message !== WITHIN_ANSWER) return new HungUp(reason, { cause: error });
  return TRANSIENT.test(code) ? new Transient(reason, { cause: error }) : registryError(`${place}: ${reason}`, error);
}

/** Foreign text as one line for a message: no control characters, cut to a readable length. */
export function excerpt(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line;
}
