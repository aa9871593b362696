// node replay-avsc.mjs FILE: the rows of a recording as avsc and plain JavaScript print them.
import { writeSync } from 'node:fs';
import avro from 'avsc';
import { row } from './records.mjs';

const STDOUT = 1;
const ROWS = 1000;
const HEADER = 'PID     COMM         IP RADDR            RPORT LADDR            LPORT\n';

let rows = [HEADER];

function flush() {
  writeSync(STDOUT, rows.join(''));
  rows = [];
}

for await (const accept of avro.createFileDecoder(process.argv[2])) {
  if (rows.push(row(accept)) >= ROWS) flush();
}
flush();
