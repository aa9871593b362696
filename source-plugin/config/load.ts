import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Ajv } from 'ajv';
import { AcceptstreamError } from '../../schemas/error.js';
import { ConfigDocument, type Problem } from './document.js';
import { resolveFiles } from './files.js';
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

const RUN: FileShape<RunConfig> = { schema: { $ref: 'config' }, defaults: { source: {}, filter: {} }, conflicts };

/** Reads and validates the configuration of a run; as loadFile. */
export function loadConfig(path: string, env: Environment = process.env): RunConfig {
  return loadFile(path, RUN, env);
}

/**
 * Reads and validates a file whole: ${NAME} replaced from `env`, defaults filled in, file names made absolute, secrets
 * read from their files. Throws USAGE with one line per problem (FILE:LINE: what and remedy).
 */
export function loadFile<T>(path: string, shape: FileShape<T>, env: Environment = process.env): T {
  const document = new ConfigDocument(readText(path), env);
  const content = withDefaults(document.values(), shape.defaults);
  const problems = [...document.problems, ...validate(content, shape, document)];
  if (problems.length > 0) throw refusal(path, problems);
  return resolveFiles(content as T, dirname(path));
}

function withDefaults(values: unknown, defaults: object): unknown {
  const isMap = typeof values === 'object' && values !== null && !Array.isArray(values);
  return isMap ? { ...defaults, ...values } : values;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcceptstreamError('USAGE', 'read the configuration', `cannot read ${path}: ${reason}`, cause);
  }
}

function validate<T>(content: unknown, shape: FileShape<T>, document: ConfigDocument): Problem[] {
  const ajv = new Ajv({ allErrors: true, discriminator: true, useDefaults: true, verbose: true });
  ajv.addSchema(require('#schemas/config.schema.json'), 'config');
  const check = ajv.compile<T>(shape.schema);
  if (!check(content)) return explainAll(check.errors ?? [], document);
  return shape.conflicts(content).map(({ path, message }) => ({
    line: document.lineOf(path),
    message: `${path.join('.')}: ${message}`,
  }));
}

function refusal(path: string, problems: readonly Problem[]): AcceptstreamError {
  const lines = problems.toSorted((one, other) => one.line - other.line);
  const text = lines.map(({ line, message }) => `${path}:${line}: ${message}`).join('\n');
  return new AcceptstreamError('USAGE', 'read the configuration', text);
}
