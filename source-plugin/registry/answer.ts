import { excerpt, registryError, Transient } from './failure.js';
import type { Answer, Endpoint } from './http.js';

/** What a registry says when it refuses: HTTP status and its own error code (0 when it gave none). */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly reason: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

const RETRIABLE = new Set([408, 425, 429]);

/** The JSON object of a successful answer, or why the registry refused. Throws when it is neither, or Transient. */
export function readAnswer(endpoint: Endpoint, answer: Answer): { readonly value: JsonObject } | Refusal {
  const { status } = answer;
  const value = parseObject(answer.text);
  const text = excerpt(endpoint.withoutSecrets(String(value?.message ?? answer.text)));
  if (status >= 500 || RETRIABLE.has(status)) throw new Transient(`HTTP ${status}${text && `: ${text}`}`);
  if (status >= 300 && status < 400) throw registryError(redirected(endpoint, answer));
  if (status >= 400) return { status, code: numberOf(value?.error_code), reason: text };
  if (status === 200 && value) return { value };
  const kind = excerpt(answer.headers['content-type'] ?? 'no content type');
  throw registryError(
    `${endpoint.place} did not answer as a registry does (HTTP ${status}, ${kind}: ${text || 'nothing'}): check registry.url`,
  );
}

function redirected(endpoint: Endpoint, { status, headers }: Answer): string {
  const target = excerpt(endpoint.withoutSecrets(headers.location ?? 'nowhere'));
  return `${endpoint.place} redirects to ${target} (HTTP ${status}): set registry.url to the address meant`;
}

/** The error for a refusal that has no meaning of its own to the request. */
export function refused(endpoint: Endpoint, { status, code, reason }: Refusal): Error {
  const said = `HTTP ${status}${code && code !== status ? `, ${code}` : ''}${reason && `: ${reason}`}`;
  return registryError(`${endpoint.place} ${MEANINGS[status] ?? 'refused the request'} (${said})`);
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: 'wants to know who we are: check registry.username and registry.password, or registry.token',
  403: 'does not allow this to our user: ask for the right to read and register the subject',
  404: 'has no Confluent API at this address: check the path of registry.url',
  422: 'finds the schema invalid',
};

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
