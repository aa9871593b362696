import type { Accept } from '../../schemas/accept.js';

/** Which columns come in front of PID; `offsetAt` is the offset from UTC in seconds at an instant. */
export interface Columns {
  readonly offsetAt?: (instant: number) => number;
  readonly timestamp?: boolean;
}

export function header({ offsetAt, timestamp }: Columns): string {
  const times = `${offsetAt ? 'TIME     ' : ''}${timestamp ? 'TIME(s)  ' : ''}`;
  return `${times}PID     COMM         IP RADDR            RPORT LADDR            LPORT\n`;
}

/** Rows of tcpaccept in plain TypeScript, with the deliberate difference in COMM; TIME(s) from the first record on. */
export function rows(records: readonly Accept[], columns: Columns): string {
  const start = records[0]?.monotonic_us ?? 0;
  return records.map((record) => times(record, start, columns) + row(record)).join('');
}

export function times(record: Accept, start: number, { offsetAt, timestamp }: Columns): string {
  const clock = offsetAt ? pad(localTime(record.event_time, offsetAt(record.event_time)), 9) : '';
  return clock + (timestamp ? pad(seconds(record.monotonic_us - start), 9) : '');
}

function row(record: Accept): string {
  const cells = [
    pad(String(record.pid), 7),
    pad(comm(record.comm), 12),
    pad(String(record.ip_version), 2),
    pad(steady(record.remote_address), 16),
    pad(String(record.remote_port), 5),
    pad(steady(record.local_address), 16),
    pad(String(printedPort(record)), 5),
  ];
  return `${cells.join(' ')}\n`;
}

export const printedPort = (record: Accept) => (record.peer_reset ? 0 : record.local_port);

export const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - Buffer.byteLength(text)));

const harmless = (text: string) => text.replace(/[\p{Cc}\ufffd]/gu, '?');

/** Without what ends a line or turns it round either, which tcpaccept's own COMM may hold. */
export const steady = (text: string) => harmless(text).replace(/[\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '?');

/** The first 12 bytes as the kernel held them, where a U+FFFD was one; a character that is cut is one `?`. */
export function comm(name: string): string {
  let cell = '';
  let room = 12;
  for (const character of name) {
    const bytes = character === '\ufffd' ? 1 : Buffer.byteLength(character);
    if (room > 0) cell += bytes > room ? '?' : harmless(character);
    room -= bytes;
  }
  return cell;
}

const localTime = (instant: number, offset: number) =>
  new Date((Math.floor(instant / 1e6) + offset) * 1000).toISOString().slice(11, 19);

/** printf("%.3f", microseconds / 1e6): the double's exact value, rounded to nearest, ties to even. */
export function seconds(microseconds: number): string {
  const { numerator, denominator } = exactly(Math.abs(microseconds) / 1e6);
  const doubled = 2000n * numerator;
  const floor = doubled / (2n * denominator);
  const rest = doubled - floor * 2n * denominator;
  const up = rest > denominator || (rest === denominator && floor % 2n === 1n);
  const digits = String(up ? floor + 1n : floor).padStart(4, '0');
  return `${microseconds < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** A double as a fraction: doubling is exact. */
function exactly(value: number): { numerator: bigint; denominator: bigint } {
  let denominator = 1n;
  while (!Number.isInteger(value)) {
    value *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(value), denominator };
}
