import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Ajv } from 'ajv';
import { AcceptstreamError } from '../../schemas/error.js';
import { ConfigDocument, type Problem } from './document.js';
import { resolveFiles } from './files.js';
import { explainAll } from './problems.js';
import { conflicts } from './rules.js';
import type { RunConfig } from './types.js';

const require = createRequire(import.meta.url);

/**
 * Reads and validates a configuration whole: ${NAME} replaced from `env`, defaults filled in, file names made absolute,
 * secrets read from their files. Throws USAGE with one line per problem (FILE:LINE: what and remedy).
 */
export function loadConfig(path: string, env: Readonly<Record<string, string | undefined>> = process.env): RunConfig {
  const document = new ConfigDocument(readText(path), env);
  const config = withDefaults(document.values());
  const problems = [...document.problems, ...validate(config, document)];
  if (problems.length > 0) throw refusal(path, problems);
  return resolveFiles(config as RunConfig, dirname(path));
}

// The schema fills in defaults of what is there: source and filter may be left out.
function withDefaults(values: unknown): unknown {
  const isMap = typeof values === 'object' && values !== null && !Array.isArray(values);
  return isMap ? { source: {}, filter: {}, ...values } : values;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcceptstreamError('USAGE', 'read the configuration', `cannot read ${path}: ${reason}`, cause);
  }
}

function validate(config: unknown, document: ConfigDocument): Problem[] {
  const ajv = new Ajv({ allErrors: true, discriminator: true, useDefaults: true, verbose: true });
  const check = ajv.compile<RunConfig>(require('#schemas/config.schema.json'));
  if (!check(config)) return explainAll(check.errors ?? [], document);
  return conflicts(config).map(({ path, message }) => ({
    line: document.lineOf(path),
    message: `${path.join('.')}: ${message}`,
  }));
}

function refusal(path: string, problems: readonly Problem[]): AcceptstreamError {
  const lines = problems.toSorted((one, other) => one.line - other.line);
  const text = lines.map(({ line, message }) => `${path}:${line}: ${message}`).join('\n');
  return new AcceptstreamError('USAGE', 'read the configuration', text);
}
