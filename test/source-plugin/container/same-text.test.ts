import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CoreOptions, loadCore, TEXT_FORMATS } from '../../../filter-core/index.js';
import { ContainerWriter } from '../../../source-plugin/container/writer.js';
import { type Batch, runPipeline } from '../../../source-plugin/index.js';
import { zoneAt } from '../../../source-plugin/zone.js';
import { anyAccept } from '../../filter-core/support.js';
import { runProgram } from '../../support/program.js';
import { acceptType, MemorySource } from '../memory-source.js';
import { accepts, folderOf } from './read-support.js';

/** Hostile ones, and many that are near one another. */
const RECORDS = [...accepts(500), ...fc.sample(anyAccept, { numRuns: 300, seed: 6 }), ...accepts(500, 500)];
const DATUMS = RECORDS.map((record) => acceptType.toBuffer(record));

/** All that a source in memory has, through a core: its header, and what comes behind it. */
async function batchesOf(options: CoreOptions): Promise<Batch[]> {
  const core = await loadCore(options);
  const batches: Batch[] = [{ bytes: core.header, records: 0 }];
  const sink = {
    write: async ({ bytes, records }: Batch) => void batches.push({ bytes: Buffer.from(bytes), records }),
    close: async () => {},
  };
  // Ended before it starts, a pipeline delivers what its source holds.
  await runPipeline({ source: new MemorySource(DATUMS), core, sink, signal: AbortSignal.abort() });
  return batches;
}

/** The same as a recording. */
async function recordingOf(codec: 'null' | 'deflate'): Promise<string> {
  const [, ...batches] = await batchesOf({ format: 'avro' });
  const writer = new ContainerWriter(codec);
  const blocks = await Promise.all(batches.map((batch) => writer.block(batch)));
  return join(folderOf({ 'a.avro': Buffer.concat([writer.header, ...blocks.flat()]) }), 'a.avro');
}

test.each(TEXT_FORMATS)('%s of a recording are the bytes of its accepts', async (format) => {
  const hasColumns = format === 'tcpaccept' || format === 'wide';
  const batches = await batchesOf(hasColumns ? { format, time: true, timestamp: true, zoneAt } : { format, zoneAt });
  const text = Buffer.concat(batches.map(({ bytes }) => bytes)).toString('latin1');
  expect(text.split('\n').length).toBeGreaterThan(RECORDS.length);
  for (const codec of ['null', 'deflate'] as const) {
    const args = ['read', await recordingOf(codec), '--format', format];
    const { code, stderr, stdoutBytes } = await runProgram([...args, ...(hasColumns ? ['-T', '-t'] : [])]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdoutBytes.toString('latin1') === text, `${codec}: the same bytes`).toBe(true);
  }
});
