import { ACCEPT_FIELDS } from '../schemas/accept.js';
import { AcceptstreamError } from '../schemas/error.js';

/** Kinds of value the core can step over. A boolean, a number or a string can also be kept, in a slot. */
export type StepKind = 'int' | 'long' | 'boolean' | 'string' | 'fixed';

/** One field of a writer schema. `slot`: its number among the fields of Accept, when it is one; `size`: bytes of a fixed. */
export interface Step {
  readonly kind: StepKind;
  readonly slot?: number;
  readonly size?: number;
}

interface Shape {
  readonly kind: StepKind;
  readonly size?: number;
}

/** Avro types by their wire form: bytes look like a string, and what has a fixed length like a fixed. */
const SHAPES: Readonly<Record<string, Shape>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int' },
  enum: { kind: 'int' },
  long: { kind: 'long' },
  string: { kind: 'string' },
  bytes: { kind: 'string' },
  null: { kind: 'fixed', size: 0 },
  float: { kind: 'fixed', size: 4 },
  double: { kind: 'fixed', size: 8 },
};

/** Avro types a field of Accept can be read from (Avro specification, "Schema Resolution"). */
const READABLE: Readonly<Record<(typeof ACCEPT_FIELDS)[number]['kind'], readonly string[]>> = {
  boolean: ['boolean'],
  int: ['int'],
  long: ['int', 'long'],
  string: ['string', 'bytes'],
};

function unusable(what: string): AcceptstreamError {
  return new AcceptstreamError('USAGE', 'writerSchema', `the writer schema can't be used: ${what}`);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The type's name, without a logical type around it. */
function typeName(type: unknown): string | undefined {
  if (typeof type === 'string') return type;
  const inner = member(type, 'type');
  return inner === undefined ? undefined : typeName(inner);
}

function shapeOf(name: string, type: unknown): Shape {
  const typed = typeName(type);
  if (typed === 'fixed') {
    const size = member(type, 'size');
    if (Number.isInteger(size) && Number(size) >= 0 && Number(size) < 2 ** 31)
      return { kind: 'fixed', size: Number(size) };
  }
  const shape = typed !== undefined && Object.hasOwn(SHAPES, typed) ? SHAPES[typed] : undefined;
  if (shape === undefined)
    throw unusable(`field ${name} has the type ${JSON.stringify(type)}, which the core can't read`);
  return shape;
}

function stepFor(field: unknown): Step {
  const name = member(field, 'name');
  const type = member(field, 'type');
  if (typeof name !== 'string') throw unusable('a field has no name');
  const shape = shapeOf(name, type);
  const slot = ACCEPT_FIELDS.findIndex((own) => own.name === name);
  const own = ACCEPT_FIELDS[slot];
  if (own === undefined) return shape;
  if (!READABLE[own.kind].includes(typeName(type) ?? '')) {
    throw unusable(`field ${name} has the type ${JSON.stringify(type)}, and ${own.kind} can't be read from it`);
  }
  return { ...shape, slot };
}

/**
 * How datums of a writer schema (parsed JSON) are read: one step per field, in its order. Without one they are in the
 * order of schemas/accept.avsc.
 *
 * @throws AcceptstreamError USAGE when the schema is no record, or holds a type the core can't read.
 */
export function planFor(writerSchema: unknown): readonly Step[] {
  if (writerSchema === undefined) return ACCEPT_FIELDS.map(({ kind }, slot) => ({ kind, slot }));
  const fields = member(writerSchema, 'fields');
  if (member(writerSchema, 'type') !== 'record' || !Array.isArray(fields)) throw unusable('it is no record');
  const steps = fields.map(stepFor);
  if (!steps.some(({ kind, size }) => kind !== 'fixed' || size !== 0)) throw unusable('its datums have no bytes');
  return steps;
}
