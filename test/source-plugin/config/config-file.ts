import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { AcceptstreamError } from '../../../schemas/error.js';
import { loadConfig } from '../../../source-plugin/config/load.js';
import type { KafkaConfig, RunConfig } from '../../../source-plugin/config/types.js';

/** Where the files of a test file are; gone when it ends. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'acceptstream-config-'));
const PATH = join(FOLDER, 'run.yaml');

afterAll(() => rmSync(FOLDER, { recursive: true }));

export type Environment = Readonly<Record<string, string>>;

export function fileOf(name: string, text: string | Buffer): string {
  writeFileSync(join(FOLDER, name), text);
  return name;
}

export function load(text: string | Buffer, env: Environment = {}): RunConfig {
  fileOf('run.yaml', text);
  return loadConfig(PATH, env);
}

/** The lines of the refusal; the file's path is left out of each, and must stand there. */
export function problemsOf(text: string | Buffer, env: Environment = {}): string[] {
  try {
    load(text, env);
  } catch (error) {
    expect(error).toBeInstanceOf(AcceptstreamError);
    const { code, message } = error as AcceptstreamError;
    expect(code).toBe('USAGE');
    return message.split('\n').map((line) => {
      expect(line.slice(0, PATH.length)).toBe(PATH);
      return line.slice(PATH.length);
    });
  }
  return [];
}

/** A file with one Kafka sink `k`; `lines` are further keys of it, from line 7 on. */
export function kafka(...lines: readonly string[]): string {
  const keys = ['type: kafka', 'brokers: ["k1:9092"]', 'topic: accepts', 'encoding: json', ...lines];
  return ['sinks:', '  k:', ...keys.map((key) => `    ${key}`), ''].join('\n');
}

export function loadKafka(text: string, env: Environment = {}): KafkaConfig {
  const sink = load(text, env).sinks.k;
  if (sink?.type !== 'kafka') throw new Error('no Kafka sink k');
  return sink;
}
