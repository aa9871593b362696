import { ACCEPT_FIELDS } from '../schemas/accept.js';
import { AcceptstreamError } from '../schemas/error.js';

/** Kinds of value the core can step over. A boolean, a number or a string can also be kept, in a slot. */
export type StepKind =
  | 'int'
  | 'long'
  | 'boolean'
  | 'string'
  | 'fixed'
  | 'union'
  | 'array'
  | 'map'
  | 'record'
  | 'absent'
  | 'unreadable';

/** One field of a writer schema, or a type inside of one. */
export interface Step {
  readonly kind: StepKind;
  /** Number among the fields of Accept, when it is one. */
  readonly slot?: number;
  /** Bytes of a fixed, number of the first part, or what an absent value stands for. */
  readonly operand?: number;
  /** How many parts a union or record has. */
  readonly parts?: number;
}

/** How datums of a writer schema are read. */
export interface Plan {
  /** One per field, in its order. */
  readonly steps: readonly Step[];
  /** What unions, arrays, maps and records hold, those of one side by side. */
  readonly parts: readonly Step[];
}

type OwnField = (typeof ACCEPT_FIELDS)[number];

/** Avro types by their wire form: bytes look like a string, and what has a fixed length like a fixed. */
const LEAVES: Readonly<Record<string, Step>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int' },
  enum: { kind: 'int' },
  long: { kind: 'long' },
  string: { kind: 'string' },
  bytes: { kind: 'string' },
  null: { kind: 'fixed', operand: 0 },
  float: { kind: 'fixed', operand: 4 },
  double: { kind: 'fixed', operand: 8 },
};

/** Avro types a field of Accept can be read from (Avro specification, "Schema Resolution"). */
const READABLE: Readonly<Record<OwnField['kind'], readonly string[]>> = {
  boolean: ['boolean'],
  int: ['int'],
  long: ['int', 'long'],
  string: ['string', 'bytes'],
};

const DEPTH_MAX = 64;
/** Of a type in a message. */
const SHOWN_MAX = 100;

/** What a field has that the writer does not know: -1 for a number, 0 for an empty string and false. */
export const unknownOf = ({ kind }: OwnField): number => (kind === 'int' || kind === 'long' ? -1 : 0);

function unusable(what: string): AcceptstreamError {
  return new AcceptstreamError('USAGE', 'writerSchema', `the writer schema can't be used: ${what}`);
}

function shown(type: unknown): string {
  const text = JSON.stringify(type) ?? 'none';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Whether a schema (parsed JSON) is of a record Accept: names match without their namespaces (Avro, "Schema Resolution"). */
export function isAcceptSchema(schema: unknown): boolean {
  const name = member(schema, 'name');
  return member(schema, 'type') === 'record' && typeof name === 'string' && name.split('.').at(-1) === 'Accept';
}

/** The type's name, without a logical type around it; a union has none. */
function typeName(type: unknown): string | undefined {
  if (typeof type === 'string') return type;
  const inner = member(type, 'type');
  return inner === undefined ? undefined : typeName(inner);
}

/** Makes the steps of one schema. */
class Planner {
  readonly parts: Step[] = [];
  readonly #named = new Map<string, Step>();
  #depth = 0;
  #field = '';

  field(field: unknown, namespace: string): Step {
    const name = member(field, 'name');
    const type = member(field, 'type');
    if (typeof name !== 'string') throw unusable('a field has no name');
    this.#field = name;
    const slot = ACCEPT_FIELDS.findIndex((own) => own.name === name);
    const own = ACCEPT_FIELDS[slot];
    if (own === undefined) return this.#step(type, namespace);
    const union = unionOf(type);
    if (union === undefined) return { ...this.#own(own, type, namespace), slot };
    const branches = union.map((branch) => this.#branch(own, slot, branch, namespace));
    if (branches.every(({ kind }) => kind === 'absent' || kind === 'unreadable')) throw this.#mismatch(own, type);
    return this.#among('union', branches);
  }

  #mismatch({ kind }: OwnField, type: unknown): AcceptstreamError {
    return unusable(`field ${this.#field} has the type ${shown(type)}, and ${kind} can't be read from it`);
  }

  #own(own: OwnField, type: unknown, namespace: string): Step {
    const step = this.#step(type, namespace);
    if (!READABLE[own.kind].includes(typeName(type) ?? '')) throw this.#mismatch(own, type);
    return step;
  }

  // A null says what a writer without the field says.
  #branch(own: OwnField, slot: number, type: unknown, namespace: string): Step {
    const name = typeName(type) ?? '';
    const step = this.#step(type, namespace);
    if (READABLE[own.kind].includes(name)) return { ...step, slot };
    return name === 'null' ? { kind: 'absent', slot, operand: unknownOf(own) } : { kind: 'unreadable' };
  }

  #among(kind: 'union' | 'record', steps: readonly Step[]): Step {
    const operand = this.parts.push(...steps) - steps.length;
    return { kind, operand, parts: steps.length };
  }

  /** Steps over a value. */
  #step(type: unknown, namespace: string): Step {
    if (this.#depth > DEPTH_MAX) throw unusable(`field ${this.#field} has more than ${DEPTH_MAX} types in one another`);
    this.#depth += 1;
    const step = this.#leaf(type, namespace) ?? this.#holder(type, namespace);
    this.#depth -= 1;
    if (step) return step;
    throw unusable(`field ${this.#field} has the type ${shown(type)}, which the core can't read`);
  }

  #leaf(type: unknown, namespace: string): Step | undefined {
    const name = typeName(type);
    if (name === undefined) return undefined;
    if (name === 'fixed') return this.#define(type, namespace, fixedOf(member(type, 'size')));
    if (name === 'enum') return this.#define(type, namespace, LEAVES.int);
    if (Object.hasOwn(LEAVES, name)) return LEAVES[name];
    return typeof type === 'string' ? this.#known(type, namespace) : undefined;
  }

  #known(name: string, namespace: string): Step | undefined {
    return this.#named.get(name.includes('.') || !namespace ? name : `${namespace}.${name}`) ?? this.#named.get(name);
  }

  #define(type: unknown, namespace: string, step: Step | undefined): Step | undefined {
    const name = member(type, 'name');
    if (step && typeof name === 'string') this.#named.set(fullName(type, namespace), step);
    return step;
  }

  #holder(type: unknown, namespace: string): Step | undefined {
    const union = unionOf(type);
    if (union) return this.#hold({ kind: 'union' }, union, namespace);
    const name = member(type, 'type');
    if (name === 'array') return this.#hold({ kind: 'array' }, [member(type, 'items')], namespace);
    if (name === 'map') return this.#hold({ kind: 'map' }, [member(type, 'values')], namespace);
    if (name === 'record' || name === 'error') return this.#record(type, namespace);
    return typeof name === 'object' && name !== null ? this.#step(name, namespace) : undefined;
  }

  #record(type: unknown, namespace: string): Step | undefined {
    const fields = member(type, 'fields');
    if (!Array.isArray(fields)) return undefined;
    const types = fields.map((field) => member(field, 'type'));
    const full = fullName(type, namespace);
    return this.#hold({ kind: 'record' }, types, namespaceOf(full), full);
  }

  // The parts have their place before they are made: a type may be inside of itself.
  #hold(holder: Pick<Step, 'kind'>, types: readonly unknown[], namespace: string, name?: string): Step {
    const operand = this.parts.length;
    const step = { ...holder, operand, parts: types.length };
    this.parts.push(...types.map(() => step));
    if (name !== undefined) this.#named.set(name, step);
    types.forEach((type, index) => {
      this.parts[operand + index] = this.#step(type, namespace);
    });
    return step;
  }
}

function unionOf(type: unknown): readonly unknown[] | undefined {
  if (Array.isArray(type)) return type;
  const inner = member(type, 'type');
  return inner === undefined ? undefined : unionOf(inner);
}

function fixedOf(size: unknown): Step | undefined {
  const fits = Number.isInteger(size) && Number(size) >= 0 && Number(size) < 2 ** 31;
  return fits ? { kind: 'fixed', operand: Number(size) } : undefined;
}

function fullName(type: unknown, enclosing: string): string {
  const name = String(member(type, 'name'));
  if (name.includes('.')) return name;
  const namespace = member(type, 'namespace') ?? enclosing;
  return namespace ? `${namespace}.${name}` : name;
}

const namespaceOf = (name: string): string => name.split('.').slice(0, -1).join('.');

/**
 * How datums of a writer schema (parsed JSON) are read. Without one they are in the order of schemas/accept.avsc.
 *
 * @throws AcceptstreamError USAGE when the schema is no record, or holds a type the core can't read.
 */
export function planFor(writerSchema: unknown): Plan {
  if (writerSchema === undefined) return { steps: ACCEPT_FIELDS.map(({ kind }, slot) => ({ kind, slot })), parts: [] };
  try {
    return planOf(writerSchema);
  } catch (error) {
    throw error instanceof RangeError ? unusable('its types go too deep') : error;
  }
}

function planOf(schema: unknown): Plan {
  const fields = member(schema, 'fields');
  if (member(schema, 'type') !== 'record' || !Array.isArray(fields)) throw unusable('it is no record');
  const planner = new Planner();
  const namespace = namespaceOf(fullName(schema, ''));
  const steps = fields.map((field) => planner.field(field, namespace));
  if (!steps.some(hasBytes)) throw unusable('its datums have no bytes');
  return { steps, parts: planner.parts };
}

// Records are not looked into: they may have no bytes either.
function hasBytes({ kind, operand }: Step): boolean {
  return kind !== 'record' && (kind !== 'fixed' || operand !== 0);
}
