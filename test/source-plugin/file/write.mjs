// Writes numbered accepts through the sink of the build, and says on stdout which of them are safe: a line with the last
// number after each write, or "failed MESSAGE". Arguments: options of the sink as JSON, number of batches (0: without
// end), records of each in turn (1,50), and after how many failures it ends.
import { readFileSync, writeSync } from 'node:fs';
import avsc from 'avsc';
import { openFileSink } from '../../../dist/source-plugin/file/sink.js';

const [options = '{}', batches = '0', sizes = '1', tries = '1'] = process.argv.slice(2);
const sizeOf = (batch) => Number(sizes.split(',')[batch % sizes.split(',').length]);
const schema = new URL('../../../schemas/accept.avsc', import.meta.url);
const type = avsc.Type.forSchema(JSON.parse(readFileSync(schema, 'utf8')));
const say = (line) => writeSync(1, `${line}\n`);
const warn = (line) => writeSync(2, `${line}\n`);

/** A record whose fields are empty but for its number. */
function datum(sequence) {
  const empty = (field) => ({ string: 'x'.repeat(10), boolean: false })[field.type] ?? 0;
  const record = Object.fromEntries(type.schema().fields.map((field) => [field.name, empty(field)]));
  return type.toBuffer({ ...record, sequence });
}

const sink = openFileSink(JSON.parse(options), { onWarn: warn, onNote: () => {} });
let sequence = 0;
let failures = 0;
for (let batch = 0; batch < Number(batches) || batches === '0'; batch++) {
  const datums = Array.from({ length: sizeOf(batch) }, (_, index) => datum(sequence + index + 1));
  try {
    await sink.write({ bytes: Buffer.concat(datums), records: datums.length });
    sequence += datums.length;
    say(sequence);
  } catch (error) {
    say(`failed ${error.message}`);
    failures += 1;
    if (failures >= Number(tries)) break;
  }
}
await sink.close();
