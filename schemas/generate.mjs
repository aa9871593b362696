// Writes what is derived from accept.avsc, so that the field list stands in one place:
// filter-core/assembly/fields.ts (field numbers for the core) and schemas/accept.ts (types for TypeScript).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ORIGIN = '// Made from schemas/accept.avsc by schemas/generate.mjs.';
const TYPES = { boolean: 'boolean', int: 'number', long: 'number', string: 'string' };

const local = (path) => fileURLToPath(new URL(path, import.meta.url));
const kindOf = ({ type }) => (typeof type === 'string' ? type : type.type);

function numbers({ fields }) {
  const lines = fields.map(({ name }, index) => `export const ${name.toUpperCase()}: i32 = ${index};`);
  return [ORIGIN, ...lines, `export const FIELD_COUNT: i32 = ${fields.length};`, ''].join('\n');
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
