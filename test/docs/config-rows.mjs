// The keys of a configuration as rows of a table, from its JSON Schema.

const MANY = 8;

function enumText(values) {
  return values.length > MANY
    ? `one of ${values[0]} … ${values.at(-1)}`
    : values.map((value) => `\`${value}\``).join(', ');
}

function rangeText({ minimum, maximum }) {
  return minimum === undefined ? 'whole number' : `${minimum}${maximum === undefined ? ' or more' : ` to ${maximum}`}`;
}

function itemsText({ type }) {
  if (Array.isArray(type)) return 'whole numbers, texts';
  return type === 'integer' ? 'whole numbers' : 'texts';
}

function valuesText(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return enumText(schema.enum);
  if (schema.type === 'array') return `list of ${itemsText(schema.items)}`;
  if (schema.type === 'integer') return rangeText(schema);
  return { boolean: '`true`, `false`', string: 'text', object: 'keys below' }[schema.type];
}

/** A part that several sinks share stands with the first of them. */
function resolved({ $ref, ...own }, root) {
  if ($ref === undefined) return own;
  const names = $ref.split('/').slice(1);
  return { ...names.reduce((node, name) => node[name], root), ...own };
}

function* rowsOf(root, prefix, { properties, required = [] }) {
  for (const [name, part] of Object.entries(properties)) {
    const schema = resolved(part, root);
    const key = `${prefix}${name}`;
    const standard = schema.default === undefined ? '' : String(schema.default);
    const needed = required.includes(name) && schema.const === undefined ? ' (needed)' : '';
    yield { key, values: `${valuesText(schema)}${needed}`, standard, meaning: schema.description ?? '' };
    if (schema.properties) yield* rowsOf(root, `${key}.`, schema);
  }
}

/** @returns {{key: string, values: string, standard: string, meaning: string}[]} sinks under their types */
export function configRows(root) {
  const { source, filter } = root.properties;
  const sinks = Object.entries(root.definitions).flatMap(([type, schema]) => [...rowsOf(root, `${type}.`, schema)]);
  return [...rowsOf(root, 'source.', source), ...rowsOf(root, 'filter.', filter), ...sinks];
}
