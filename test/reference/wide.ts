import type { Accept } from '../../schemas/accept.js';
import { type Columns, pad, printedPort, steady, times } from './tcpaccept.js';

const known = (value: number) => (value === -1 ? '-' : String(value));

/** Rows of the format wide in plain TypeScript; TIME(s) from the first record on. */
export function wideRows(records: readonly Accept[], columns: Columns): string {
  const start = records[0]?.monotonic_us ?? 0;
  return records.map((record) => times(record, start, columns) + row(record)).join('');
}

function row(record: Accept): string {
  const cells = [
    pad(String(record.pid), 7),
    pad(steady(record.comm), 15),
    pad(String(record.ip_version), 2),
    pad(steady(record.remote_address), 39),
    pad(String(record.remote_port), 5),
    pad(steady(record.local_address), 39),
    pad(String(printedPort(record)), 5),
    pad(known(record.netns), 10),
    pad(`${known(record.backlog)}/${known(record.backlog_max)}`, 11),
    known(record.queued_us),
  ];
  return `${cells.join(' ')}\n`;
}
