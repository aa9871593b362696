import type { Core } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';

/** Where writers' schemas are looked up; a registry's client is one. */
export interface SchemaLookup {
  /** The schema as parsed JSON; rejects with MALFORMED when that id has none that could be an accept's. */
  schemaById(id: number): Promise<unknown>;
}

const RECORD_NAME = 'Accept';

/** Has the core read with the schema that each value names. */
export class WriterSchemas {
  readonly #core: Core;
  readonly #lookup: SchemaLookup;
  readonly #refusals = new Map<number, string>();
  #inUse = -1;

  constructor(core: Core, lookup: SchemaLookup) {
    this.#core = core;
    this.#lookup = lookup;
  }

  isInUse(id: number): boolean {
    return id === this.#inUse;
  }

  /** Why values of a schema can't be read; undefined as long as they may. */
  refusal(id: number): string | undefined {
    return this.#refusals.get(id);
  }

  /** Afterwards the schema is in use, or refused. Rejects when the registry can't be asked. */
  async use(id: number): Promise<void> {
    try {
      this.#core.useWriterSchema(acceptSchema(id, await this.#lookup.schemaById(id)));
      this.#inUse = id;
    } catch (error) {
      if (!(error instanceof AcceptstreamError) || !['MALFORMED', 'USAGE'].includes(error.code)) throw error;
      this.#refusals.set(id, error.message);
    }
  }
}

// Names match without their namespaces (Avro specification, "Schema Resolution").
function acceptSchema(id: number, schema: unknown): unknown {
  const { name } = (schema ?? {}) as { readonly name?: unknown };
  if (typeof name === 'string' && name.split('.').at(-1) === RECORD_NAME) return schema;
  throw new AcceptstreamError('MALFORMED', 'decode', `schema ${id} is not of a record ${RECORD_NAME}`);
}
