import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Core, loadCore } from '../../../filter-core/index.js';
import { type FileSource, openFileSource } from '../../../source-plugin/container/source.js';
import { type Batch, runPipeline } from '../../../source-plugin/index.js';
import { datumOf } from '../memory-source.js';
import { accepts, blockOf, containerOf, folderOf, headerOf, SCHEMA_TEXT, textOf } from './read-support.js';

const HEADER = headerOf([[['avro.schema', SCHEMA_TEXT]]]);
const block = (...sequences: readonly number[]) =>
  blockOf(sequences.length, Buffer.concat(sequences.map((sequence) => datumOf({ sequence }))));

interface Opened {
  readonly core: Core;
  readonly source: FileSource;
  /** What was said. */
  readonly lines: readonly string[];
}

async function opened(follow: boolean, ...paths: readonly string[]): Promise<Opened> {
  const core = await loadCore({ format: 'json' });
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const events = { onTorn: say, onFailure: say };
  const source = await openFileSource({ paths, follow, core, events, signal: new AbortController().signal });
  onTestFinished(() => source.close());
  return { core, source, lines };
}

async function next({ core, source }: Opened): Promise<number> {
  const { records, position } = await source.read(core.input);
  source.commit();
  expect(position).toBe(source.position());
  return records;
}

test('followed, a file that ends anywhere in its header or a block gives nothing, then all of it', async () => {
  const path = join(folderOf({ 'a.avro': Buffer.alloc(0) }), 'a.avro');
  const reading = await opened(true, path);
  for (const piece of [HEADER, block(1, 2), block(3)]) {
    for (let at = 0; at < piece.length - 1; at++) {
      appendFileSync(path, piece.subarray(at, at + 1));
      if (at % 7 === 0) expect(await next(reading)).toBe(0);
    }
    appendFileSync(path, piece.subarray(-1));
    expect(await next(reading)).toBe({ [block(1, 2).length]: 2, [block(3).length]: 1 }[piece.length] ?? 0);
  }
  expect(reading.lines).toEqual([]);
});

test('what a recorder writes last, before the name and the next file, is read', async () => {
  const folder = folderOf({ 'a.avro.part': Buffer.concat([HEADER, block(1)]) });
  const part = join(folder, 'a.avro.part');
  const reading = await opened(true, folder);
  expect(await next(reading)).toBe(1);
  expect(await next(reading)).toBe(0);
  appendFileSync(part, block(2));
  renameSync(part, join(folder, 'a.avro'));
  expect(await next(reading)).toBe(1);
  appendFileSync(join(folder, 'b.avro.part'), Buffer.concat([HEADER, block(3, 4)]));
  expect(await next(reading)).toBe(2);
  expect(await next(reading)).toBe(0);
  expect(reading.lines).toEqual([]);
});

test('after a failed write the same call goes on with the same records, across files', async () => {
  const records = accepts(3000);
  const files = {
    'a.avro': await containerOf(records.slice(0, 1000)),
    'b.avro': await containerOf(records.slice(1000)),
  };
  const { core, source } = await opened(false, folderOf(files));
  const seen: string[] = [];
  let failures = 0;
  const failed = new Set<string>();
  const sink = {
    write: async ({ bytes }: Batch) => {
      const text = Buffer.from(bytes).toString('latin1');
      if (failures < 5 && !failed.has(text)) {
        failed.add(text);
        failures += 1;
        throw new Error('full');
      }
      seen.push(...text.split('\n').slice(0, -1));
    },
    close: async () => {},
  };
  const run = () => runPipeline({ source, core, sink, signal: new AbortController().signal });
  for (let failure = 0; failure < 5; failure++) await expect(run()).rejects.toThrow('full');
  await run();
  const all = (await textOf(records)).split('\n').slice(0, -1);
  expect([...new Set(seen)]).toEqual(all);
  expect(core.totals.received).toBeGreaterThan(records.length);
});
