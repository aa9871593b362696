import type { ErrorObject } from 'ajv';
import type { ConfigDocument, Path, Problem } from './document.js';

/** What the schema found, in words, with the line and, where a name looks like another, a suggestion. */
export function explainAll(errors: readonly ErrorObject[], document: ConfigDocument): Problem[] {
  return errors.map((error) => {
    const path = pathOf(error);
    return { line: document.lineOf(path), message: `${path.join('.') || 'the file'}: ${explain(error)}` };
  });
}

function pathOf({ instancePath, keyword, params }: ErrorObject): Path {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keyword === 'additionalProperties' ? [...path, params.additionalProperty] : path;
}

function explain({ keyword, params, parentSchema, message }: ErrorObject): string {
  switch (keyword) {
    case 'additionalProperties':
      return `unknown key${suggestion(params.additionalProperty, Object.keys(parentSchema?.properties ?? {}))}`;
    case 'required':
      return `${params.missingProperty} is missing`;
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `must be ${params.allowedValue}`;
    case 'type':
      return `must be ${article(String(params.type))}`;
    case 'discriminator':
      return `type must be one of ${sinkTypes(parentSchema)}`;
    default:
      return message ?? keyword;
  }
}

function sinkTypes(schema: ErrorObject['parentSchema']): string {
  const references = (schema?.oneOf ?? []) as { $ref: string }[];
  return references.map(({ $ref }) => $ref.split('/').at(-1)).join(', ');
}

function article(type: string): string {
  return (
    { array: 'a list', object: 'a map of keys', integer: 'a whole number', boolean: 'true or false' }[type] ??
    `a ${type}`
  );
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = known
    .map((key) => ({ key, distance: editDistance(name, key) }))
    .sort((one, other) => one.distance - other.distance)[0];
  if (nearest && nearest.distance <= Math.max(2, name.length / 3)) return `; did you mean ${nearest.key}?`;
  return known.length > 0 ? `; known are ${known.join(', ')}` : '';
}

/** Levenshtein. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + Number(one[i - 1] !== other[j - 1]);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
