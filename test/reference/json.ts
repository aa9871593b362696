import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';

const INSTANTS = ['event_time', 'process_start'];
const YEAR_0000 = -62_167_219_200_000_000;
const YEAR_10000 = 253_402_300_800_000_000;

const SHORT: Readonly<Record<string, string>> = { b: '08', t: '09', n: '0a', f: '0c', r: '0d' };

/** All control characters and line separators by their numbers. */
const numbered = (json: string) =>
  json
    .replace(/\\(.)/g, (whole, letter: string) => (SHORT[letter] ? `\\u00${SHORT[letter]}` : whole))
    .replace(/[\x7f-\x9f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A record as a flat JSON line in plain TypeScript. */
export function line(record: Accept): string {
  const entries = ACCEPT_FIELDS.map(({ name }) => [
    name,
    INSTANTS.includes(name) ? instant(record[name]) : record[name],
  ]);
  return `${numbered(JSON.stringify(Object.fromEntries(entries)))}\n`;
}

/** An instant in UTC with microseconds; null when it is unknown or has no year of four digits. */
export function instant(value: unknown): string | null {
  const microseconds = Number(value);
  if (microseconds === -1 || microseconds < YEAR_0000 || microseconds >= YEAR_10000) return null;
  const seconds = Math.floor(microseconds / 1e6);
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${date}.${String(microseconds - seconds * 1e6).padStart(6, '0')}Z`;
}
