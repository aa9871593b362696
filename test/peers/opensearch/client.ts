import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../structure/source-files.js';

export const STREAM = 'logs-acceptstream.accept-default';
const FOLDER = join(ROOT, 'pipelines/opensearch');

/** What a search is asked, and finds. */
export type Query = Readonly<Record<string, unknown>>;

interface Property {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Property>>;
}

/** Types of leaves by their dotted names, of a mapping or a template. */
export function typesOf(properties: Readonly<Record<string, Property>>, prefix = ''): Map<string, string> {
  const leaves = Object.entries(properties).flatMap(([name, { type, properties: inner }]) =>
    inner ? [...typesOf(inner, `${prefix}${name}.`)] : [[`${prefix}${name}`, type ?? ''] as const],
  );
  return new Map(leaves);
}

/** `name\0value` of every leaf of a document, numbers as text: some have more than 53 bits. */
export function leavesOf(line: string): string[] {
  const exact = JSON.parse(line.replace(/:(-?\d+)(?=[,}])/g, ':"$1"'));
  const walk = (value: unknown, name: string): string[] => {
    if (Array.isArray(value)) return value.flatMap((one) => walk(one, name));
    if (Object(value) !== value) return [`${name}\0${value}`];
    return Object.entries(value as object).flatMap(([key, inner]) => walk(inner, name ? `${name}.${key}` : key));
  };
  return walk(exact, '');
}

/** A server, asked as an operator asks it. */
export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** The text of an answer; throws with it when the status is an error. */
  async text(method: string, path: string, body?: string): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  /** Puts the template there and removes what was indexed before. */
  async empty(): Promise<void> {
    await this.text('DELETE', `_data_stream/${STREAM}*`).catch(() => {});
    await this.text('PUT', '_index_template/acceptstream', readFileSync(join(FOLDER, 'template.json'), 'utf8'));
  }

  /** How many documents a query finds, exactly. */
  async count(query: Query = { match_all: {} }): Promise<number> {
    return (JSON.parse(await this.text('POST', `${STREAM}/_count`, JSON.stringify({ query }))) as { count: number })
      .count;
  }

  /** How many documents have each of these leaves, found by the type of its field. */
  async countLeaves(leaves: readonly string[], types: ReadonlyMap<string, string>): Promise<Map<string, number>> {
    const body = leaves.flatMap((leaf) => {
      const [name = '', value = ''] = leaf.split('\0');
      const isTime = types.get(name) === 'date_nanos';
      const query = isTime ? { range: { [name]: { gte: value, lte: value } } } : { term: { [name]: value } };
      return [{}, { query, size: 0, track_total_hits: true }];
    });
    const text = await this.text('POST', `${STREAM}/_msearch`, body.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const { responses } = JSON.parse(text) as { responses: { hits: { total: { value: number } } }[] };
    return new Map(leaves.map((leaf, at) => [leaf, responses[at]?.hits.total.value ?? -1]));
  }

  /** The documents, up to 10 000, byte by byte as they were sent. */
  async sources(): Promise<string[]> {
    const text = await this.text('POST', `${STREAM}/_search`, JSON.stringify({ size: 10_000 }));
    const behind = /\}(?:,\{"_index":"[^"]*","_id":"[^"]*","_score":[\d.]+,|\]\}\})$/;
    return text
      .split('"_source":')
      .slice(1)
      .map((piece) => piece.replace(behind, ''));
  }

  refresh(): Promise<string> {
    return this.text('POST', `${STREAM}/_refresh`);
  }

  /** How many documents there are by now; 0 without a stream. */
  async refreshed(): Promise<number> {
    try {
      await this.refresh();
      return await this.count();
    } catch {
      return 0;
    }
  }

  /** Types of the stream's fields, as the server has them. */
  async types(): Promise<Map<string, string>> {
    const indices = JSON.parse(await this.text('GET', `${STREAM}/_mapping`)) as Record<string, { mappings: Property }>;
    return typesOf(Object.values(indices)[0]?.mappings.properties ?? {});
  }
}

export interface Bulk {
  readonly status: number | null;
  readonly said: string;
}

/** The script that we ship, with these arguments and this on its stdin. */
export async function bulk(input: string | NodeJS.ReadableStream, ...args: readonly string[]): Promise<Bulk> {
  const child = spawn(join(FOLDER, 'bulk.sh'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  // It may end before it has read all.
  child.stdin.on('error', () => {});
  if (typeof input === 'string') child.stdin.end(input);
  else input.pipe(child.stdin);
  const [status] = await once(child, 'close');
  return { status, said };
}
