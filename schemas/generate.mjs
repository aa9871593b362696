// Writes what is derived from accept.avsc, so that the field list stands in one place:
// filter-core/assembly/fields.ts (field numbers for the core) and schemas/accept.ts (types for TypeScript).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ORIGIN = '// Made from schemas/accept.avsc by schemas/generate.mjs.';
const TYPES = { boolean: 'boolean', int: 'number', long: 'number', string: 'string' };

// How JSON shows a value, by Avro type or, before it, logical type.
const SHAPES = { long: 0, int: 0, string: 1, boolean: 2, 'timestamp-micros': 3 };
// One byte for the length, then up to 31 of name: a name is copied by two words of 16.
const NAME_BYTES = 32;

const local = (path) => fileURLToPath(new URL(path, import.meta.url));
const kindOf = ({ type }) => (typeof type === 'string' ? type : type.type);

function numbers({ fields }) {
  const lines = fields.map(({ name }, index) => `export const ${name.toUpperCase()}: i32 = ${index};`);
  return [ORIGIN, ...lines, `export const FIELD_COUNT: i32 = ${fields.length};`, ...jsonTables(fields), ''].join('\n');
}

const bytes = (list) => `memory.data<u8>([${list.join(', ')}])`;

function jsonTables(fields) {
  const shapes = fields.map(({ type }) => SHAPES[type.logicalType ?? kindOf({ type })]);
  return [
    '/** Per field: how JSON shows its value. */',
    `export const SHAPES: usize = ${bytes(shapes)};`,
    `export const SHAPE_TEXT: u8 = ${SHAPES.string};`,
    `export const SHAPE_BOOLEAN: u8 = ${SHAPES.boolean};`,
    `export const SHAPE_INSTANT: u8 = ${SHAPES['timestamp-micros']};`,
    '/** Per field: one byte of length, then `,"name":`. */',
    `export const NAME_BYTES: i32 = ${NAME_BYTES};`,
    `export const NAMES: usize = ${bytes(fields.flatMap(jsonName))};`,
  ];
}

function jsonName({ name }) {
  const text = Buffer.from(`,${JSON.stringify(name)}:`);
  if (text.length >= NAME_BYTES) throw new Error(`the name ${name} is too long`);
  return [text.length, ...text, ...new Uint8Array(NAME_BYTES - 1 - text.length)];
}

function types({ name, doc, fields }) {
  const members = fields.map((field) => `  /** ${field.doc} */\n  ${field.name}: ${TYPES[kindOf(field)]};`);
  const kinds = fields.map((field) => `  { name: '${field.name}', kind: '${kindOf(field)}' },`);
  return [
    `${ORIGIN}\n`,
    `/** ${doc} */\nexport interface ${name} {\n${members.join('\n')}\n}\n`,
    `/** Names and Avro kinds of the fields of ${name}, in the order of the schema. */`,
    `export const ACCEPT_FIELDS = [\n${kinds.join('\n')}\n] as const;\n`,
  ].join('\n');
}

function writeIfChanged(path, content) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== content) writeFileSync(path, content);
}

const schema = JSON.parse(readFileSync(local('accept.avsc'), 'utf8'));
writeIfChanged(local('../filter-core/assembly/fields.ts'), numbers(schema));
writeIfChanged(local('accept.ts'), types(schema));
