import { type Refusal, readAnswer, refused } from './answer.js';
import { excerpt, registryError, schemaError } from './failure.js';
import { Endpoint, type Request } from './http.js';
import type { Patience, RegistryOptions } from './options.js';
import { patiently } from './retry.js';
import { subjectOf } from './subject.js';

export type { Patience, RegistryOptions } from './options.js';

const TIMEOUT_MS = 10_000;
// Ids are an int32 in front of each datum.
const MAX_ID = 0x7fff_ffff;
const SUBJECT_NOT_FOUND = 40401;
const SCHEMA_NOT_FOUND = 40403;
const INCOMPATIBLE = 409;
const POST = { method: 'POST' } as const;

const MISSING: Readonly<Record<number, string>> = {
  [SUBJECT_NOT_FOUND]: 'no subject',
  [SCHEMA_NOT_FOUND]: 'another schema than ours under',
};

/** What resolveSchemaId would give or do. */
export interface SchemaPlan {
  readonly subject: string;
  /** Not given for a schema that is still to be registered. */
  readonly id?: number;
}

type Reply = { readonly value: Readonly<Record<string, unknown>> } | Refusal;

/**
 * A schema registry behind its Confluent API. What it answered once is not asked again: ids and schemas never change.
 * A registry that is away is waited for; every failure is an AcceptstreamError SINK that names the registry and the
 * remedy, and holds no secret.
 */
export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #patience: Patience;
  readonly #endpoint: Endpoint;
  readonly #ids = new Map<string, Promise<number>>();
  readonly #schemas = new Map<number, Promise<unknown>>();

  /** Throws USAGE for an unusable url or ca_file. */
  constructor(options: RegistryOptions, patience: Patience = {}) {
    this.#options = options;
    this.#patience = patience;
    this.#endpoint = new Endpoint(options);
  }

  /** Id of the schema under the topic's subject; registers it first when `register` is true. */
  resolveSchemaId(topic: string, schemaText: string): Promise<number> {
    const subject = this.#subjectOf(topic, schemaText);
    return remembered(this.#ids, JSON.stringify([subject, schemaText]), () => this.#resolve(subject, schemaText));
  }

  /** As resolveSchemaId, but nothing is registered: the registry says whether it could be. */
  async planSchema(topic: string, schemaText: string): Promise<SchemaPlan> {
    const subject = this.#subjectOf(topic, schemaText);
    const reply = await this.#ask({ ...POST, path: pathOf(subject), body: bodyOf(schemaText) });
    if (!('status' in reply)) return { subject, id: this.#checkedId(reply.value.id) };
    if (!this.#options.register || !MISSING[reply.code]) throw this.#unresolved(subject, reply);
    if (reply.code === SCHEMA_NOT_FOUND) await this.#checkCompatibility(subject, schemaText);
    return { subject };
  }

  /**
   * The Avro schema, parsed from its JSON, with which a record of this id was written. An error with the operation
   * WRITER_SCHEMA is about this schema only.
   */
  schemaById(id: number): Promise<unknown> {
    return remembered(this.#schemas, id, () => this.#fetch(id));
  }

  #subjectOf(topic: string, schemaText: string): string {
    return subjectOf(this.#options.subject_strategy, topic, schemaText);
  }

  async #resolve(subject: string, schemaText: string): Promise<number> {
    const path = pathOf(subject, this.#options.register ? '/versions' : '');
    const reply = await this.#ask({ ...POST, path, body: bodyOf(schemaText) });
    if ('status' in reply) throw this.#unresolved(subject, reply);
    return this.#checkedId(reply.value.id);
  }

  async #checkCompatibility(subject: string, schemaText: string): Promise<void> {
    const path = `/compatibility${pathOf(subject, '/versions/latest')}&verbose=true`;
    const reply = await this.#ask({ ...POST, path, body: bodyOf(schemaText) });
    if ('status' in reply) throw refused(this.#endpoint, reply);
    // Apicurio gives no reasons here.
    const { is_compatible: isCompatible, messages = [] } = reply.value;
    if (isCompatible === false) throw this.#incompatible(subject, this.#endpoint.withoutSecrets(String(messages)));
  }

  #unresolved(subject: string, refusal: Refusal): Error {
    if (refusal.status === INCOMPATIBLE) return this.#incompatible(subject, refusal.reason);
    const what = MISSING[refusal.code];
    if (what)
      return registryError(
        `${this.#endpoint.place} has ${what} ${subject}: register schemas/accept.avsc there, or set registry.register to true`,
      );
    return refused(this.#endpoint, refusal);
  }

  #incompatible(subject: string, reason: string): Error {
    const what = `it would break readers of the subject ${subject}`;
    return registryError(`${this.#endpoint.place} refused the schema: ${what}${reason && ` (${excerpt(reason)})`}`);
  }

  async #fetch(id: number): Promise<unknown> {
    const reply = await this.#ask({ method: 'GET', path: `/schemas/ids/${id}` });
    if ('status' in reply) {
      if (reply.code !== SCHEMA_NOT_FOUND) throw refused(this.#endpoint, reply);
      throw schemaError(
        `${this.#endpoint.place} has no schema of id ${id}: was the topic written with another registry?`,
      );
    }
    return this.#schemaOf(id, reply.value);
  }

  #schemaOf(id: number, { schema, schemaType, references }: Readonly<Record<string, unknown>>): unknown {
    const named = `${this.#endpoint.place}: the schema of id ${id}`;
    if ((schemaType ?? 'AVRO') !== 'AVRO') throw schemaError(`${named} is not Avro`);
    if (Array.isArray(references) && references.length > 0) throw schemaError(`${named} refers to other schemas`);
    try {
      return JSON.parse(String(schema));
    } catch (cause) {
      throw schemaError(`${named} is not JSON`, cause);
    }
  }

  #checkedId(id: unknown): number {
    if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_ID) return id as number;
    throw registryError(`${this.#endpoint.place} gave no schema id: check registry.url`);
  }

  #ask(request: Request): Promise<Reply> {
    const { timeoutMs = TIMEOUT_MS, signal } = this.#patience;
    return patiently(this.#endpoint.place, this.#patience, async () =>
      readAnswer(this.#endpoint, await this.#endpoint.send(request, timeoutMs, signal)),
    );
  }
}

// Normalized, a schema that differs in blanks or in the order of its properties is the same schema.
function pathOf(subject: string, of = ''): string {
  return `/subjects/${encodeURIComponent(subject)}${of}?normalize=true`;
}

function bodyOf(schema: string): object {
  return { schema, schemaType: 'AVRO' };
}

/** As RegistryClient.resolveSchemaId, of a registry that is asked only once. */
export function resolveSchemaId(
  options: RegistryOptions,
  topic: string,
  schemaText: string,
  patience: Patience = {},
): Promise<number> {
  return new RegistryClient(options, patience).resolveSchemaId(topic, schemaText);
}

// A failure is not kept: the next call asks again.
function remembered<K, T>(answers: Map<K, Promise<T>>, key: K, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key);
  if (known) return known;
  const asked = ask();
  answers.set(key, asked);
  asked.catch(() => answers.delete(key));
  return asked;
}
