import { ACCEPT_FIELDS, type Accept } from '../../schemas/accept.js';
import { commText } from '../support/expected.js';

/** One datum of Accept, read with no regard to speed. */
export interface Decoded {
  readonly record: Accept;
  /** Where each field begins. */
  readonly parts: readonly number[];
  readonly end: number;
  /** Whether avsc could read it too: all numbers are within ±2^52, and all texts are UTF-8. */
  readonly isPlain: boolean;
}

const PLAIN_MAX = 2n ** 52n;
const INT_MIN = -(2n ** 31n);

/** Reads on from an offset; undefined is what no datum has there. */
class Reader {
  isPlain = true;
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number | undefined {
    return this.bytes[this.at++];
  }

  long(): bigint | undefined {
    let raw = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      if (byte === undefined) return undefined;
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return raw < 1n << 64n ? (raw >> 1n) ^ -(raw & 1n) : undefined;
    }
    return undefined;
  }

  number(isInt: boolean): number | undefined {
    const value = this.long();
    if (value === undefined || (isInt && (value < INT_MIN || value >= -INT_MIN))) return undefined;
    this.isPlain &&= value > -PLAIN_MAX && value < PLAIN_MAX;
    return Number(value);
  }

  boolean(): boolean | undefined {
    return [false, true][this.byte() ?? 2];
  }

  /** Each byte that is no UTF-8 is one U+FFFD. */
  string(): string | undefined {
    const length = this.long();
    if (length === undefined || length < 0n || length > BigInt(this.bytes.length - this.at)) return undefined;
    const bytes = this.bytes.subarray(this.at, this.at + Number(length));
    this.at += bytes.length;
    const text = Buffer.from(bytes).toString();
    if (Buffer.from(text).equals(bytes)) return text;
    this.isPlain = false;
    return commText(bytes);
  }
}

/** The datum that starts at an offset; undefined when none does. */
export function decodeAccept(bytes: Uint8Array, offset: number): Decoded | undefined {
  const reader = new Reader(bytes, offset);
  const record: Record<string, unknown> = {};
  const parts: number[] = [];
  for (const { name, kind } of ACCEPT_FIELDS) {
    parts.push(reader.at);
    const isNumber = kind === 'int' || kind === 'long';
    record[name] = isNumber ? reader.number(kind === 'int') : reader[kind]();
    if (record[name] === undefined) return undefined;
  }
  return { record: record as unknown as Accept, parts, end: reader.at, isPlain: reader.isPlain };
}

/** The datums that bytes begin with, and where the first that is none starts; the end when all are. */
export function decodeAccepts(bytes: Uint8Array): { readonly datums: readonly Decoded[]; readonly end: number } {
  const datums: Decoded[] = [];
  let end = 0;
  while (end < bytes.length) {
    const datum = decodeAccept(bytes, end);
    if (datum === undefined) break;
    datums.push(datum);
    end = datum.end;
  }
  return { datums, end };
}
