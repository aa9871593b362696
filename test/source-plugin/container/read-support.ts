import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc, { type Schema } from 'avsc';
import { onTestFinished } from 'vitest';
import { type Core, type CoreOptions, loadCore } from '../../../filter-core/index.js';
import type { Accept } from '../../../schemas/accept.js';
import { openFileSource } from '../../../source-plugin/container/source.js';
import { runPipeline } from '../../../source-plugin/index.js';
import { acceptOf, acceptType } from '../memory-source.js';

/** What came of a reading. */
export interface Outcome {
  readonly text: string;
  readonly records: number;
  readonly failures: readonly string[];
  readonly torn: readonly string[];
}

/** A folder that goes with the test, with these files. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-read-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** Reads files as the command does. */
export async function readFiles(paths: readonly string[], options: Partial<CoreOptions> = {}): Promise<Outcome> {
  return readWith(await loadCore({ format: 'json', ...options }), paths);
}

/** As readFiles; one core may read many times. */
export async function readWith(core: Core, paths: readonly string[]): Promise<Outcome> {
  const { signal } = new AbortController();
  const failures: string[] = [];
  const torn: string[] = [];
  const pieces: Buffer[] = [];
  const before = core.totals.kept;
  const events = { onFailure: (line: string) => failures.push(line), onTorn: (line: string) => torn.push(line) };
  const source = await openFileSource({ paths, follow: false, core, signal, events });
  const sink = {
    write: async ({ bytes }: { bytes: Uint8Array }) => void pieces.push(Buffer.from(bytes)),
    close: async () => {},
  };
  await runPipeline({ source, core, sink, signal });
  await source.close();
  return { text: Buffer.concat(pieces).toString('latin1'), records: core.totals.kept - before, failures, torn };
}

/** As readFiles, of one file of that name. */
export function readBytes(bytes: Uint8Array, name = 'a.avro', options: Partial<CoreOptions> = {}): Promise<Outcome> {
  return readFiles([join(folderOf({ [name]: bytes }), name)], options);
}

/** Different accepts. */
export const accepts = (count: number, first = 0): Accept[] =>
  Array.from({ length: count }, (_, index) =>
    acceptOf({ sequence: first + index, remote_port: (first + index) % 65536 }),
  );

/** What a core prints of records, without a file. */
export async function textOf(records: readonly object[], options: Partial<CoreOptions> = {}): Promise<string> {
  const core = await loadCore({ format: 'json', ...options });
  let text = '';
  for (const record of records) {
    const datum = acceptType.toBuffer(record);
    core.input.set(datum);
    for (const { bytes } of core.portions(datum.length)) text += Buffer.from(bytes).toString('latin1');
  }
  return text;
}

export interface Made {
  readonly schema?: Schema;
  readonly codec?: 'null' | 'deflate';
  /** Of data, about. */
  readonly blockBytes?: number;
}

/** A container as avsc makes it. */
export async function containerOf(records: readonly object[], made: Made = {}): Promise<Buffer> {
  const type = made.schema ? avsc.Type.forSchema(made.schema, { wrapUnions: true }) : acceptType;
  const options = { codec: made.codec ?? 'null', blockSize: made.blockBytes ?? 4096, syncMarker: Buffer.alloc(16, 7) };
  const encoder = new avsc.streams.BlockEncoder(type, options);
  const pieces: Buffer[] = [];
  const ended = new Promise((resolve) => encoder.on('end', resolve));
  encoder.on('data', (piece: Buffer) => pieces.push(piece));
  for (const record of records) encoder.write(record);
  encoder.end();
  await ended;
  return Buffer.concat(pieces);
}

/** A long as Avro writes it. */
export function long(value: number | bigint): Buffer {
  const bytes: number[] = [];
  const raw = BigInt(value);
  for (let rest = BigInt.asUintN(64, (raw << 1n) ^ (raw >> 63n)); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return Buffer.from(bytes);
  }
}

const text = (value: string | Buffer) => Buffer.concat([long(value.length), Buffer.from(value)]);

/** A header written by hand: each map block with a count of its own. */
export function headerOf(blocks: readonly (readonly (readonly [string, string])[])[], isNegative = false): Buffer {
  const parts = blocks.map((pairs) => {
    const body = Buffer.concat(pairs.flatMap(([key, value]) => [text(key), text(value)]));
    const count = isNegative ? [long(-pairs.length), long(body.length)] : [long(pairs.length)];
    return Buffer.concat([...count, body]);
  });
  return Buffer.concat([Buffer.from('Obj\x01', 'latin1'), ...parts, long(0), SYNC]);
}

export const SYNC = Buffer.alloc(16, 7);
export const SCHEMA_TEXT = JSON.stringify(acceptType.schema());

/** A block by hand. */
export const blockOf = (count: number | bigint, data: Buffer, bytes: number | bigint = data.length): Buffer =>
  Buffer.concat([long(count), long(bytes), data, SYNC]);
