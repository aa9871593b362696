import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { wholeOf } from '../../../source-plugin/container/whole.js';
import type { Batch } from '../../../source-plugin/contracts.js';
import type { FileOptions } from '../../../source-plugin/file/sink.js';
import { judge } from '../container/judge.js';
import { datumOf } from '../memory-source.js';

const WRITER = fileURLToPath(new URL('write.mjs', import.meta.url));

/** A folder of its own for a test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function optionsIn(folder: string, fields: Partial<FileOptions> = {}): FileOptions {
  const path = join(folder, 'accepts.avro');
  return { path, compression: 'none', rotate_bytes: 2 ** 28, rotate_ms: 3_600_000, ...fields };
}

/** A batch of records with these numbers. */
export function batchOf(...sequences: readonly number[]): Batch {
  return { bytes: Buffer.concat(sequences.map((sequence) => datumOf({ sequence }))), records: sequences.length };
}

/** Recordings of a folder by name, with the numbers of their records as avsc reads them. */
export async function recorded(folder: string, ending = '.avro'): Promise<Map<string, number[]>> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') && name.endsWith(ending));
  const files = names.sort(byNumber).map(async (name) => {
    const { accepts } = await judge(readFileSync(join(folder, name)));
    expectWhole(join(folder, name));
    return [name, accepts.map(({ sequence }) => sequence)] as const;
  });
  return new Map(await Promise.all(files));
}

// avsc says nothing against a block that is cut at the end.
function expectWhole(path: string): void {
  const fd = openSync(path, 'r');
  expect(wholeOf(fd)?.bytes, `${path} ends with a whole block`).toBe(statSync(path).size);
  closeSync(fd);
}

/** Those numbers one after another. */
export async function sequencesIn(folder: string): Promise<number[]> {
  return [...(await recorded(folder)).values()].flat();
}

export function visible(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

/** What another process that writes is started with. */
export interface Writing {
  readonly options: FileOptions;
  /** 0: without end. */
  readonly batches?: number;
  /** Records of the batches in turn. */
  readonly sizes?: readonly number[];
  /** How many failures it bears. */
  readonly tries?: number;
}

function argumentsOf({ options, batches = 0, sizes = [1], tries = 1 }: Writing): string[] {
  return [WRITER, JSON.stringify(options), ...[batches, sizes, tries].map(String)];
}

/** Another process that writes; its stdout are lines with the last number that is safe. */
export function startWriting(writing: Writing): ChildProcess {
  return spawn(process.execPath, argumentsOf(writing), { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The same to its end, started by a command that runs the command it is given. */
export function writeThrough(through: readonly string[], writing: Writing): { stdout: string; stderr: string } {
  const [command = '', ...rest] = [...through, process.execPath, ...argumentsOf(writing)];
  const { stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8' });
  return { stdout, stderr };
}

/** The last number that is safe. */
export function acknowledged(stdout: string): number {
  return Number(stdout.match(/^\d+$/gm)?.at(-1) ?? 0);
}

function byNumber(one: string, other: string): number {
  const numberIn = (name: string) => Number(/-(\d+)\.avro/.exec(name)?.[1]);
  return numberIn(one) - numberIn(other);
}
