import type { ErrorObject } from 'ajv';
import { type ConfigDocument, MAX_PROBLEMS, type Path, type Problem } from './document.js';

/** What the schema found, in words, with the line and, where a name looks like another, a suggestion. */
export function explainAll(errors: readonly ErrorObject[], document: ConfigDocument): Problem[] {
  return errors
    .slice(0, MAX_PROBLEMS + 1)
    .filter((error) => !errors.some((other) => saysMore(other, error)))
    .map((error) => {
      const path = pathOf(error);
      return { line: document.lineOf(path), message: `${path.join('.') || 'the file'}: ${explain(error)}` };
    });
}

// One thing that is wrong can be wrong in two ways.
function saysMore(one: ErrorObject, other: ErrorObject): boolean {
  if (one.instancePath !== other.instancePath) return false;
  return (
    (one.keyword === 'type' && other.keyword === 'enum') ||
    (one.keyword === 'discriminator' && other.keyword === 'required' && other.params.missingProperty === one.params.tag)
  );
}

function pathOf({ instancePath, keyword, params }: ErrorObject): Path {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'additionalProperties') return [...path, params.additionalProperty];
  return keyword === 'discriminator' && params.tagValue !== undefined ? [...path, params.tag] : path;
}

function explain(error: ErrorObject): string {
  const { keyword, params, parentSchema, data, message } = error;
  switch (keyword) {
    case 'additionalProperties':
      return `unknown key${suggestion(params.additionalProperty, Object.keys(parentSchema?.properties ?? {}))}`;
    case 'required':
      return `${params.missingProperty} is missing`;
    case 'enum':
      return choice(params.allowedValues, data);
    case 'const':
      return choice([params.allowedValue], data);
    case 'type':
      return `${data === null ? 'has no value, ' : ''}must be ${article(String(params.type))}${quotes(error)}`;
    case 'pattern':
      return `must be ${parentSchema?.description}`;
    case 'discriminator':
      return unknownType(error);
    default:
      return /^min(Items|Length|Properties)$/.test(keyword) ? 'must not be empty' : (message ?? keyword);
  }
}

function choice(allowed: readonly unknown[], given: unknown): string {
  const list = `must be ${allowed.length > 1 ? 'one of ' : ''}${allowed.join(', ')}`;
  const meant = typeof given === 'string' && nearest(given, allowed.map(String));
  return meant ? `${list}; did you mean ${meant}?` : list;
}

function unknownType({ params, parentSchema }: ErrorObject): string {
  const references = (parentSchema?.oneOf ?? []) as { $ref: string }[];
  const types = references.map(({ $ref }) => $ref.split('/').at(-1) ?? '');
  const text = choice(types, params.tagValue);
  return params.tagValue === undefined ? `${params.tag} is missing: ${text}` : text;
}

function article(type: string): string {
  return (
    {
      array: 'a list',
      object: 'a map of keys',
      integer: 'a whole number',
      'integer,string': 'a whole number or a string',
      boolean: 'true or false',
    }[type] ?? `a ${type}`
  );
}

// Names and ids may be nothing but digits.
function quotes({ params, data }: ErrorObject): string {
  return params.type === 'string' && typeof data === 'number' ? ': write it in quotes' : '';
}

function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant) return `; did you mean ${meant}?`;
  return known.length > 0 ? `; known are ${known.join(', ')}` : '';
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((key) => ({ key, distance: editDistance(name, key) }))
    .sort((one, other) => one.distance - other.distance);
  return best && best.distance <= Math.max(2, name.length / 3) ? best.key : undefined;
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
