// The core alone: decode, filter and text of a fixed data set, beside the same through avsc and plain JavaScript.
import { loadCore } from '../../dist/filter-core/index.js';
import { FILTER, fill, row, type } from './records.mjs';

const ROUNDS = 7;
const ROUND_BATCHES = 600;
const LINE_BATCHES = 200;
const COMPARED_BATCHES = 60;
const UNIT = 'million records per CPU-second';
const LINE_LIMITS = {
  json: { atLeast: { goal: 2 } },
  ecs: { atLeast: { goal: 1 } },
  ocsf: { atLeast: { goal: 1 } },
  otel: {},
};

export function throughAvsc(datums) {
  const ports = new Set(FILTER.ports);
  const rows = [];
  for (let offset = 0; offset < datums.length; ) {
    const decoded = type.decode(datums, offset);
    if (ports.has(decoded.value.local_port)) rows.push(row(decoded.value));
    offset = decoded.offset;
  }
  return Buffer.from(rows.join(''));
}

function throughCore(core, bytes) {
  const portions = [];
  for (const portion of core.portions(bytes)) portions.push(Buffer.from(portion.bytes));
  return Buffer.concat(portions);
}

/** Million records per CPU-second of `batch`, which handles `records`, run `times`. */
function measure(batch, records, times) {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) batch();
  const { user, system } = process.cpuUsage(before);
  return (records * times) / (user + system);
}

export function rounds(name, records, times, batch) {
  measure(batch, records, times);
  const values = Array.from({ length: ROUNDS }, () => measure(batch, records, times));
  return { name, unit: UNIT, values };
}

/** The same of some that are measured in turns. */
function inTurns(works) {
  for (const { batch, records, times } of works) measure(batch, records, times);
  const values = works.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [at, { batch, records, times }] of works.entries()) values[at].push(measure(batch, records, times));
  return values;
}

/** JSON as whoever has no core makes it: the names of the schema, numbers as they are. */
function linesThroughAvsc(datums) {
  const lines = [];
  for (let offset = 0; offset < datums.length; ) {
    const decoded = type.decode(datums, offset);
    lines.push(`${JSON.stringify(decoded.value)}\n`);
    offset = decoded.offset;
  }
  return Buffer.from(lines.join(''));
}

async function workOf(format) {
  const core = await loadCore({ format, filter: FILTER });
  const { bytes, records } = fill(core.input);
  const batch = () => {
    for (const _portion of core.portions(bytes));
  };
  return { batch, records, times: LINE_BATCHES };
}

/** Formats of JSON, each beside avsc's decode and JSON.stringify in the same rounds. */
async function benchLines(datums, records) {
  const avsc = { batch: () => linesThroughAvsc(datums), records, times: COMPARED_BATCHES };
  const formats = Object.keys(LINE_LIMITS);
  const [plain, ...values] = inTurns([avsc, ...(await Promise.all(formats.map(workOf)))]);
  return [
    ...formats.map((format, at) => ({
      name: `core: decode, filter, ${format}`,
      unit: UNIT,
      values: values[at],
      ...LINE_LIMITS[format],
    })),
    { name: 'avsc and JSON.stringify: decode, flat JSON', unit: UNIT, values: plain },
    ...formats.map((format, at) => ({
      name: `core's ${format} to avsc and JSON.stringify`,
      unit: 'times',
      values: values[at].map((value, round) => value / plain[round]),
    })),
  ];
}

/** @returns {Promise<{name: string, unit: string, values: number[]}[]>} One value per round. */
export async function benchCore() {
  const core = await loadCore({ format: 'tcpaccept', filter: FILTER });
  const { bytes, records } = fill(core.input);
  const datums = Buffer.from(core.input.subarray(0, bytes));
  if (!throughCore(core, bytes).equals(throughAvsc(datums)))
    throw new Error('the core and avsc disagree on the data set');
  const drain = () => {
    for (const _portion of core.portions(bytes));
  };
  return [
    rounds('core: decode, filter, text', records, ROUND_BATCHES, drain),
    rounds('avsc and plain JavaScript: decode, filter, text', records, COMPARED_BATCHES, () => throughAvsc(datums)),
    ...(await benchLines(datums, records)),
  ];
}
