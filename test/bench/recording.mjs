// Datums to a recording: core, container, write, beside rows of the same and avsc's own writer of containers.
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import avro from 'avsc';
import { loadCore } from '../../dist/filter-core/index.js';
import { openFileSink } from '../../dist/source-plugin/file/sink.js';
import { FILTER, fill, type } from './records.mjs';
import { outputPath } from './scratch.mjs';

const ROUNDS = 7;
const BATCHES = 100;
const AVSC_BATCHES = 10;
const SMALL = 100;
/** So many that the header hardly counts. */
const SMALL_BATCHES = 2000;
const QUIET = { onWarn: (message) => process.stderr.write(`${message}\n`), onNote: () => {} };

/** One value a round: million records per CPU-second of `work`, which handles `records`. */
async function rounds(name, records, work) {
  const values = [];
  await work();
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    values.push(records / (user + system));
  }
  return { name, unit: 'million records per CPU-second', values };
}

/** Batches into a recording in a new folder, as the sink writes them; resolves with its path. */
export async function record(folder, { core, bytes }, compression, batches) {
  mkdirSync(folder, { recursive: true });
  const limits = { rotate_bytes: 2 ** 40, rotate_ms: 3_600_000 };
  const sink = openFileSink({ path: `${folder}/accepts.avro`, compression, ...limits }, QUIET);
  for (let batch = 0; batch < batches; batch += 1)
    for (const portion of core.portions(bytes)) await sink.write(portion);
  await sink.close();
  const [name] = readdirSync(folder).filter((entry) => entry.endsWith('.avro'));
  return `${folder}/${name}`;
}

/** The same in memory and gone again; resolves with its bytes. */
async function recordedBytes(batch, compression, batches = BATCHES) {
  const folder = outputPath('recording');
  const { size } = statSync(await record(folder, batch, compression, batches));
  rmSync(folder, { recursive: true });
  return size;
}

function printRows(core, bytes, fd) {
  ftruncateSync(fd);
  for (let batch = 0; batch < BATCHES; batch += 1)
    for (const portion of core.portions(bytes)) writeSync(fd, portion.bytes);
}

async function throughAvsc(accepts) {
  const encoder = avro.createFileEncoder(outputPath('avsc'), type, { codec: 'null' });
  for (let batch = 0; batch < AVSC_BATCHES; batch += 1) for (const accept of accepts) encoder.write(accept);
  encoder.end();
  await finished(encoder, { readable: false });
}

function decoded(datums) {
  const accepts = [];
  for (let offset = 0; offset < datums.length; ) {
    const { value, offset: next } = type.decode(datums, offset);
    accepts.push(value);
    offset = next;
  }
  return accepts;
}

/** @returns {Promise<{name: string, unit: string, values: number[]}[]>} One value per round. */
export async function benchRecording() {
  const core = await loadCore({ format: 'avro', filter: FILTER });
  const rows = await loadCore({ format: 'tcpaccept', filter: FILTER });
  const { bytes, records } = fill(core.input);
  fill(rows.input);
  const datums = Buffer.from(core.input.subarray(0, bytes));
  const accepts = decoded(datums);
  const small = accepts.slice(0, SMALL).reduce((sum, accept) => sum + type.toBuffer(accept).length, 0);
  const size = async (name, part, compression, [count, batches]) => ({
    name,
    unit: 'bytes per record',
    values: [(await recordedBytes({ core, bytes: part }, compression, batches)) / (count * batches)],
  });
  const fd = openSync(outputPath('rows'), 'a');
  const all = records * BATCHES;
  const measures = [
    await rounds('core, container, write; no compression', all, () => recordedBytes({ core, bytes }, 'none')),
    await rounds('core, container, write; deflate', all, () => recordedBytes({ core, bytes }, 'deflate')),
    await rounds('the same as rows: core, text, write', all, () => printRows(rows, bytes, fd)),
    await rounds('avsc, from objects, no compression', records * AVSC_BATCHES, () => throughAvsc(accepts)),
    await size('size, no compression', bytes, 'none', [records, BATCHES]),
    await size('size, deflate', bytes, 'deflate', [records, BATCHES]),
    await size(`size, deflate, blocks of ${SMALL} records`, small, 'deflate', [SMALL, SMALL_BATCHES]),
    await size('size, deflate, blocks of one record', type.toBuffer(accepts[0]).length, 'deflate', [1, SMALL_BATCHES]),
  ];
  closeSync(fd);
  return measures;
}
