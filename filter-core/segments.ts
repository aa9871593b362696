// WebAssembly's binary format (core specification, chapter 5): a module with more in its memory from the start.

/** Bytes that are at `address` when an instance begins. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

const HEADER_BYTES = 8;
const DATA = 11;
const DATA_COUNT = 12;
const I32_CONST = 0x41;
const END = 0x0b;

/** LEB128 of an unsigned number below 2^32, and the byte behind it. */
function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 0x80))];
}

/** Of an i32 that is not negative: the last byte's seventh bit would be its sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = HEADER_BYTES; at < module.length; ) {
    const id = module[at] ?? 0;
    const { value: length, end } = readUnsigned(module, at + 1);
    sections.push({ id, content: module.subarray(end, end + length) });
    at = end + length;
  }
  return sections;
}

/** An active segment of the first memory. */
function encode({ address, bytes }: Segment): Uint8Array[] {
  return [Uint8Array.of(0, I32_CONST, ...signed(address), END, ...unsigned(bytes.length)), bytes];
}

function withMore({ id, content }: Section, segments: readonly Segment[]): Uint8Array[] {
  const { value: count, end } = readUnsigned(content, 0);
  const more = id === DATA ? segments.flatMap(encode) : [];
  return [Uint8Array.from(unsigned(count + segments.length)), content.subarray(end), ...more];
}

/** The module, which has data already, with these segments behind its own. */
export function withSegments(module: Uint8Array, segments: readonly Segment[]): Uint8Array {
  const sections = sectionsOf(module).flatMap((section) => {
    const counts = section.id === DATA || section.id === DATA_COUNT;
    const content = Buffer.concat(counts ? withMore(section, segments) : [section.content]);
    return [Uint8Array.of(section.id, ...unsigned(content.length)), content];
  });
  return Buffer.concat([module.subarray(0, HEADER_BYTES), ...sections]);
}

// A segment's own header takes as much.
const GAP_BYTES = 8;

/** Where two memories of the same size differ, as what the second one has there. */
export function differences(before: Uint8Array, after: Uint8Array): Segment[] {
  const ranges: { from: number; to: number }[] = [];
  for (let at = 0; at < after.length; at++) {
    if (before[at] === after[at]) continue;
    const last = ranges.at(-1);
    if (last && at - last.to < GAP_BYTES) last.to = at + 1;
    else ranges.push({ from: at, to: at + 1 });
  }
  return ranges.map(({ from, to }) => ({ address: from, bytes: after.slice(from, to) }));
}
