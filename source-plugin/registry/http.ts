import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { AcceptstreamError } from '../../schemas/error.js';
import { connectionFailure, registryError, Transient } from './failure.js';
import type { RegistryOptions } from './options.js';

// Registries refuse schemas of more than a megabyte.
const MAX_BODY_BYTES = 4 << 20;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

export interface Request {
  readonly method: 'GET' | 'POST';
  /** Path behind the registry's base, its parts percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The registry as an HTTP server: one base address, one agent, one kind of authentication. */
export class Endpoint {
  readonly #base: URL;
  readonly #agent: HttpAgent;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];

  constructor(options: RegistryOptions) {
    this.#base = baseOf(options.url);
    const authorization = authorizationOf(options);
    this.#agent = this.#isSecure ? new HttpsAgent({ ca: trusted(options) }) : new HttpAgent();
    this.#headers = { accept: `${MEDIA_TYPE}, application/json`, ...(authorization && { authorization }) };
    const secrets = [options.password, options.token, authorization?.replace(/^\w+ /, '')];
    this.#secrets = secrets.filter((secret) => secret !== undefined && secret !== '') as string[];
  }

  /** How messages name it. */
  get place(): string {
    return `the schema registry ${this.#base.origin}${this.#base.pathname.replace(/\/$/, '')}`;
  }

  /** Text of the registry without our secrets, which a server may echo. */
  withoutSecrets(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  }

  /** One attempt. Rejects with Transient when another may succeed. */
  async send(request: Request, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([timeout, signal]) : timeout;
    try {
      const response = await this.#open(request, either);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: await readBody(response, this.place),
      };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (timeout.aborted) throw new Transient(`no whole answer within ${timeoutMs} ms`);
      throw error instanceof AcceptstreamError ? error : connectionFailure(this.place, error as NodeJS.ErrnoException);
    }
  }

  get #isSecure(): boolean {
    return this.#base.protocol === 'https:';
  }

  #open({ method, path, body }: Request, signal: AbortSignal): Promise<IncomingMessage> {
    const content = body === undefined ? {} : { 'content-type': MEDIA_TYPE };
    const url = new URL(`${this.#base.pathname.replace(/\/$/, '')}${path}`, this.#base);
    const options = { method, agent: this.#agent, signal, headers: { ...this.#headers, ...content } };
    return new Promise((resolve, reject) => {
      const request = (this.#isSecure ? requestHttps : requestHttp)(url, options, resolve);
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

async function readBody(response: IncomingMessage, place: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > MAX_BODY_BYTES) throw registryError(`${place} answered with more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw usage('registry.url must be an http: or https: address');
  if (url.username || url.password)
    throw usage('registry.url must not hold a user name or password: use registry.username and registry.password');
  return url;
}

function authorizationOf({ username, password, token }: RegistryOptions): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

function trusted({ ca_file: file, ca }: RegistryOptions): Buffer | string | undefined {
  if (file === undefined) return undefined;
  try {
    const pem = ca ?? readFileSync(file);
    // TLS ignores what is no certificate and then trusts nobody.
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw usage(`registry.ca_file: ${file} can't be read as a PEM certificate`, cause);
  }
}

function usage(message: string, cause?: unknown): AcceptstreamError {
  return new AcceptstreamError('USAGE', 'schema registry', message, cause);
}
