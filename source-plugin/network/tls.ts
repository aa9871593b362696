import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { AcceptstreamError } from '../../schemas/error.js';
import type { TlsConfig } from '../config/types.js';

/** What node:tls wants for a connection that is verified. Throws SINK naming the option that can't be used. */
export function secureOptions(
  { ca_file, cert_file, key_file, server_name, ...read }: TlsConfig,
  operation: string,
): ConnectionOptions {
  const unusable = (message: string, cause: unknown) => new AcceptstreamError('SINK', operation, message, cause);
  const readFile = (key: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (cause) {
      throw unusable(`tls.${key}: cannot read ${path}: ${(cause as Error).message}`, cause);
    }
  };
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
