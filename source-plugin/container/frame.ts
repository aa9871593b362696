/**
 * What stands in front of the data of a block (Avro specification, "Object Container Files"): how many records, how many
 * bytes as they are in the file; each a long in zigzag, low 7 bits first. Behind the data stands the file's sync marker.
 */
export interface Frame {
  readonly records: number;
  readonly bytes: number;
}

/** Bytes of the longest long. */
export const LONG_MAX = 10;
/** Longest frame: two longs. */
export const FRAME_MAX = 2 * LONG_MAX;

export function encodeFrame({ records, bytes }: Frame): Buffer {
  return Buffer.from([...longBytes(records), ...longBytes(bytes)]);
}

/** The frame at `offset` and where its data begin; undefined when the bytes end within it, or hold no safe number. */
export function decodeFrame(
  bytes: Uint8Array,
  offset = 0,
): { readonly frame: Frame; readonly end: number } | undefined {
  const records = longAt(bytes, offset);
  const size = records && longAt(bytes, records.end);
  return size && { frame: { records: records.value, bytes: size.value }, end: size.end };
}

function* longBytes(value: number): Generator<number, void> {
  let rest = BigInt(value) * 2n;
  for (; rest > 0x7fn; rest >>= 7n) yield Number(rest & 0x7fn) | 0x80;
  yield Number(rest);
}

/** The long at `start` and what is behind it; undefined when the bytes end within it, or hold no safe number. */
export function longAt(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  // Of the zigzag, its lowest bit apart, as numbers that hold their bits exactly: there is a frame for each block.
  let rest = 0;
  let factor = 0.5;
  for (let at = start; at < Math.min(start + LONG_MAX, bytes.length); at++) {
    const byte = bytes[at] ?? 0;
    rest += (byte & (at === start ? 0x7e : 0x7f)) * factor;
    if (byte < 0x80) return safe((bytes[start] ?? 0) & 1 ? -rest - 1 : rest, at + 1);
    factor *= 128;
  }
  return undefined;
}

function safe(value: number, end: number): { readonly value: number; readonly end: number } | undefined {
  return Number.isSafeInteger(value) ? { value, end } : undefined;
}
