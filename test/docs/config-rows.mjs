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

function valuesText(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return enumText(schema.enum);
  if (schema.type === 'array') return `list of ${schema.items.type === 'integer' ? rangeText(schema.items) : 'texts'}`;
  if (schema.type === 'integer') return rangeText(schema);
  return { boolean: '`true`, `false`', string: 'text', object: 'keys below' }[schema.type];
}

function* rowsOf(prefix, { properties, required = [] }) {
  for (const [name, schema] of Object.entries(properties)) {
    const key = `${prefix}${name}`;
    const standard = schema.default === undefined ? '' : String(schema.default);
    const needed = required.includes(name) && schema.const === undefined ? ' (needed)' : '';
    yield { key, values: `${valuesText(schema)}${needed}`, standard, meaning: schema.description ?? '' };
    if (schema.properties) yield* rowsOf(`${key}.`, schema);
  }
}

/** @returns {{key: string, values: string, standard: string, meaning: string}[]} sinks under their types */
export function configRows({ properties: { source, filter }, definitions }) {
  const sinks = Object.entries(definitions).flatMap(([type, schema]) => [...rowsOf(`${type}.`, schema)]);
  return [...rowsOf('source.', source), ...rowsOf('filter.', filter), ...sinks];
}
