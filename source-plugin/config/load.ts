import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { AcceptstreamError, oneLine, reasonOf } from '../../schemas/error.js';
import { ConfigDocument, MAX_PROBLEMS, type Problem } from './document.js';
import { resolveFiles } from './files.js';
import { placeConflicts } from './filter.js';
import { explainAll } from './problems.js';
import { type Conflict, conflicts } from './rules.js';
import type { RunConfig } from './types.js';

const require = createRequire(import.meta.url);

/** What a YAML file of ours may hold. */
export interface FileShape<T> {
  /** JSON Schema; it may refer to parts of schemas/config.schema.json as `config#/definitions/…`. */
  readonly schema: object;
  /** Maps that may be left out although the schema fills in defaults inside them. */
  readonly defaults: object;
  conflicts(content: T): Conflict[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const AGAIN: FileShape<RunConfig> = { schema: { $ref: 'config' }, defaults: { source: {}, filter: {} }, conflicts };

const RUN: FileShape<RunConfig> = {
  ...AGAIN,
  conflicts: (config) => [...conflicts(config), ...(isMap(config.filter) ? placeConflicts(config.filter) : [])],
};

/** By schema: compiling one takes as long as a file takes altogether. */
const checks = new WeakMap<object, ValidateFunction>();

/** Many times what anybody writes by hand; what is larger is another file, or one that never ends. */
const MAX_BYTES = 65_536;

/** Reads and validates the configuration of a run; as loadFile. */
export function loadConfig(path: string, env: Environment = process.env): RunConfig {
  return loadFile(path, RUN, env);
}

/**
 * As loadConfig, for a run that goes on with its source and filter: places in it may be gone, or out of reach without the
 * privileges that it had.
 */
export function loadConfigAgain(path: string): RunConfig {
  return loadFile(path, AGAIN);
}

/**
 * Reads and validates a file whole: ${NAME} replaced from `env`, defaults filled in, file names made absolute, secrets
 * read from their files. Throws USAGE with one line per problem (FILE:LINE: what and remedy).
 */
export function loadFile<T>(path: string, shape: FileShape<T>, env: Environment = process.env): T {
  const document = parse(path, readText(path), env);
  if (document.values === undefined) throw refusal(path, document.problems);
  const content = withDefaults(document.values, shape.defaults);
  const invalid = validate(content, shape, document);
  const { content: resolved, problems: unreadable } = resolveFiles(content as T, dirname(path));
  const found = [...conflictsOf(content, shape).slice(0, MAX_PROBLEMS + 1), ...unreadable].map(
    ({ path: keys, message }) => ({
      line: document.lineOf(keys),
      message: `${keys.join('.')}: ${message}`,
    }),
  );
  const problems = [...document.problems, ...invalid, ...found];
  if (problems.length > 0) throw refusal(path, problems);
  return resolved;
}

function parse(path: string, text: string, env: Environment): ConfigDocument {
  try {
    return new ConfigDocument(text, env);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw refusal(path, [{ line: 1, message: `cannot be read as YAML: ${reason}` }]);
  }
}

function isMap(values: unknown): values is object {
  return typeof values === 'object' && values !== null && !Array.isArray(values);
}

function withDefaults(values: unknown, defaults: object): unknown {
  return isMap(values) ? { ...defaults, ...values } : values;
}

function readText(path: string): string {
  const operation = 'read the configuration';
  try {
    const bytes = readStart(path, MAX_BYTES + 1);
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8');
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AcceptstreamError('USAGE', operation, oneLine(`cannot read ${path}: ${reason}`), cause);
  }
  throw new AcceptstreamError('USAGE', operation, oneLine(`${path} is no configuration: over ${MAX_BYTES} bytes`));
}

function readStart(path: string, capacity: number): Buffer {
  const buffer = Buffer.alloc(capacity);
  const fd = openSync(path, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0; length += read) read = readSync(fd, buffer, length, capacity - length, null);
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function validate<T>(content: unknown, { schema }: FileShape<T>, document: ConfigDocument): Problem[] {
  const check = checks.get(schema) ?? compile(schema);
  checks.set(schema, check);
  return check(content) ? [] : explainAll(check.errors ?? [], document);
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    discriminator: true,
    useDefaults: true,
    verbose: true,
  });
  ajv.addSchema(require('#schemas/config.schema.json'), 'config');
  return ajv.compile(schema);
}

// Also of a content of the wrong shape, so that everything is reported at once.
function conflictsOf<T>(content: unknown, shape: FileShape<T>): Conflict[] {
  return isMap(content) ? shape.conflicts(content as T) : [];
}

function refusal(path: string, problems: readonly Problem[]): AcceptstreamError {
  const sorted = problems.toSorted((one, other) => one.line - other.line);
  const lines = sorted.slice(0, MAX_PROBLEMS).map(({ line, message }) => oneLine(`${path}:${line}: ${message}`));
  if (sorted.length > MAX_PROBLEMS) lines.push(oneLine(`${path}: and ${sorted.length - MAX_PROBLEMS} more`));
  return new AcceptstreamError('USAGE', 'read the configuration', [...new Set(lines)].join('\n'));
}
