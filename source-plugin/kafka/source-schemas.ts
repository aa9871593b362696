import type { Core } from '../../filter-core/index.js';
import { isAcceptSchema } from '../../filter-core/plan.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { WRITER_SCHEMA } from '../registry/failure.js';

/** Where writers' schemas are looked up; a registry's client is one. */
export interface SchemaLookup {
  /** The schema as parsed JSON; an error with the operation WRITER_SCHEMA says that this id has none of use. */
  schemaById(id: number): Promise<unknown>;
}

/** The operation of what the core can't read. */
const CORE_SCHEMA = 'writerSchema';

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
      if (!isAboutSchema(error)) throw error;
      this.#refusals.set(id, error.message);
    }
  }
}

/** Those of the registry, of the core's plan, and of this file. */
function isAboutSchema(error: unknown): error is AcceptstreamError {
  return error instanceof AcceptstreamError && [WRITER_SCHEMA, CORE_SCHEMA].includes(error.operation);
}

function acceptSchema(id: number, schema: unknown): unknown {
  if (isAcceptSchema(schema)) return schema;
  throw new AcceptstreamError('MALFORMED', WRITER_SCHEMA, `schema ${id} is not of a record Accept`);
}
