// Writes what is derived from accept.avsc and mapping.json, so that the field list stands in one place:
// filter-core/assembly/fields.ts (field numbers for the core), filter-core/assembly/templates.ts (what its formats of JSON
// and MessagePack write) and schemas/accept.ts (types for TypeScript).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { boundsOf, KINDS, templatesOf } from './templates.mjs';

const ORIGIN = '// Made from schemas/accept.avsc by schemas/generate.mjs.';
const TYPES = { boolean: 'boolean', int: 'number', long: 'number', string: 'string' };

/** As filter-core/assembly/template.ts reads it. */
const PART_BYTES = 16;
const OPTIONAL = 1;
const BACK = 2;
const AFTER_MAX = 8;
/** Literals are copied by 16 bytes. Each character of them is a byte. */
const SLACK = '\0'.repeat(16);

const local = (path) => fileURLToPath(new URL(path, import.meta.url));
const kindOf = ({ type }) => (typeof type === 'string' ? type : type.type);

const bytes = (list) => `memory.data<u8>([${[...list].join(', ')}])`;
const constant = (name, value) => `export const ${name}: i32 = ${value};`;

function numbers({ fields }) {
  const lines = fields.map(({ name }, index) => constant(name.toUpperCase(), index));
  return [ORIGIN, ...lines, constant('FIELD_COUNT', fields.length), ''].join('\n');
}

/** One part: u8 kind, operand, flags and length of `after`; u16 length and offset of `before`; `after`. */
function partBytes(part, offset, { fields }) {
  const { kind, field, digits, opener, optional, back, before, after } = part;
  const packed = Buffer.alloc(PART_BYTES);
  if (before.length > 0xffff || after.length > AFTER_MAX) throw new Error(`too long: ${before} or ${after}`);
  const operand = digits ? digits[0] * 16 + digits[1] : (opener ?? fields.findIndex(({ name }) => name === field));
  packed.writeUInt8(Object.keys(KINDS).indexOf(kind), 0);
  packed.writeUInt8(operand < 0 ? 0 : operand, 1);
  packed.writeUInt8((optional ? OPTIONAL : 0) | (back ? BACK : 0), 2);
  packed.writeUInt8(after.length, 3);
  packed.writeUInt16LE(before.length, 4);
  packed.writeUInt16LE(offset, 6);
  packed.write(after, 8);
  return packed;
}

function templates(schema, mapping) {
  const all = Object.entries(templatesOf(schema, mapping));
  const parts = all.flatMap(([, list]) => list);
  const literals = [...new Set(parts.map(({ before }) => before))].join('');
  const packed = parts.map((part) => partBytes(part, literals.indexOf(part.before), schema));
  const starts = all.map((_, index) => all.slice(0, index).flatMap(([, list]) => list).length);
  const rows = all.flatMap(([, list], index) => {
    const { frame, growth } = boundsOf(list);
    return [starts[index], starts[index] + list.length, frame, growth];
  });
  return [
    '// Made from schemas/accept.avsc and schemas/mapping.json by schemas/generate.mjs.',
    '// Formats.',
    ...all.map(([name], index) => constant(name, index)),
    '// Kinds of parts.',
    ...Object.keys(KINDS).map((kind, index) => constant(kind, index)),
    `export const OPTIONAL: u8 = ${OPTIONAL};`,
    `export const BACK: u8 = ${BACK};`,
    constant('PART_BYTES', PART_BYTES),
    `export const PARTS: usize = ${bytes(Buffer.concat(packed))};`,
    `export const LITERALS: usize = ${bytes(Buffer.from(literals + SLACK, 'latin1'))};`,
    '/** Per format: first part, the one behind the last, most bytes of a line without its datum, and per byte of it. */',
    `export const FORMATS: usize = memory.data<u16>([${rows.join(', ')}]);`,
    '',
  ].join('\n');
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

const readJson = (name) => JSON.parse(readFileSync(local(name), 'utf8'));

const schema = readJson('accept.avsc');
writeIfChanged(local('../filter-core/assembly/fields.ts'), numbers(schema));
writeIfChanged(local('../filter-core/assembly/templates.ts'), templates(schema, readJson('mapping.json')));
writeIfChanged(local('accept.ts'), types(schema));
