// As much of MessagePack as the messages of the Forward protocol need: what is sent is made of texts and whole numbers
// around entries that the core has made; what servers answer is made of maps, lists, texts and booleans.

const SHORT_MAP = 0x80;
const SHORT_LIST = 0x90;
const SHORT_TEXT = 0xa0;
const SHORT_TEXT_MAX = 31;
const BIN8 = 0xc4;
const UINT8 = 0xcc;
const STR8 = 0xd9;

/** The shortest of three forms that follow each other, with 1, 2 and 4 bytes for the number. */
function sized(first: number, value: number): Buffer {
  const width = value > 0xffff ? 4 : value > 0xff ? 2 : 1;
  const bytes = Buffer.alloc(1 + width, first + (width >> 1));
  bytes.writeUIntBE(value, 1, width);
  return bytes;
}

/** Header of a list of up to 15. */
export const packedList = (length: number): Buffer => Buffer.of(SHORT_LIST + length);

/** Header of a map of up to 15. */
export const packedMap = (length: number): Buffer => Buffer.of(SHORT_MAP + length);

/** Header of that many bytes. */
export const packedBytes = (length: number): Buffer => sized(BIN8, length);

/** A whole number from 0 to 2^32 - 1. */
export const packedNumber = (value: number): Buffer => (value < 0x80 ? Buffer.of(value) : sized(UINT8, value));

export function packedText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = bytes.length <= SHORT_TEXT_MAX ? Buffer.of(SHORT_TEXT + bytes.length) : sized(STR8, bytes.length);
  return Buffer.concat([header, bytes]);
}

/**
 * What a server sends. Strings are bytes, as bins are: Fluent Bit's nonce is a string of bytes that are no UTF-8. Numbers
 * and extensions mean nothing in an answer and are null.
 */
export type Unpacked = null | boolean | Buffer | readonly Unpacked[] | UnpackedMap;
export type UnpackedMap = ReadonlyMap<string, Unpacked>;

/** Forms of a fixed length that are null, and how many bytes follow. */
const NUMBERS: Readonly<Record<number, number>> = {
  ...{ 202: 4, 203: 8, 204: 1, 205: 2, 206: 4, 207: 8, 208: 1, 209: 2, 210: 4, 211: 8 },
  ...{ 212: 2, 213: 3, 214: 5, 215: 9, 216: 17 },
};

/** Lists in lists, at most. */
const DEEPEST = 16;

class TooShort extends RangeError {}

/** Reads one value behind the other. */
class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth = 0): Unpacked {
    const form = this.#number(1);
    if (depth > DEEPEST) throw new Error('too deep');
    if (form < SHORT_MAP || form >= 0xe0) return null;
    if (form < SHORT_LIST) return this.#map(form - SHORT_MAP, depth);
    if (form < SHORT_TEXT) return this.#list(form - SHORT_LIST, depth);
    return form < 0xc0 ? this.#take(form - SHORT_TEXT) : this.#long(form, depth);
  }

  #long(form: number, depth: number): Unpacked {
    if (form === 0xc0) return null;
    if (form === 0xc2 || form === 0xc3) return form === 0xc3;
    const fixed = NUMBERS[form];
    if (fixed !== undefined) return this.#skip(fixed);
    if (form >= BIN8 && form < 0xc7) return this.#take(this.#number(1 << (form - BIN8)));
    if (form >= 0xc7 && form < 0xca) return this.#skip(this.#number(1 << (form - 0xc7)) + 1);
    if (form >= STR8 && form < 0xdc) return this.#take(this.#number(1 << (form - STR8)));
    if (form === 0xdc || form === 0xdd) return this.#list(this.#number(form === 0xdc ? 2 : 4), depth);
    if (form === 0xde || form === 0xdf) return this.#map(this.#number(form === 0xde ? 2 : 4), depth);
    throw new Error('no MessagePack');
  }

  #list(length: number, depth: number): Unpacked[] {
    const items: Unpacked[] = [];
    while (items.length < length) items.push(this.value(depth + 1));
    return items;
  }

  #map(length: number, depth: number): UnpackedMap {
    const items = new Map<string, Unpacked>();
    for (let index = 0; index < length; index++) items.set(String(this.value(depth + 1)), this.value(depth + 1));
    return items;
  }

  #number(width: number): number {
    return this.#take(width).readUIntBE(0, width);
  }

  #skip(length: number): null {
    this.#take(length);
    return null;
  }

  #take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new TooShort();
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** The value that bytes begin with, and how many it takes; undefined while it is not whole. Throws when it is none. */
export function unpack(bytes: Buffer): { readonly value: Unpacked; readonly length: number } | undefined {
  const reader = new Reader(bytes);
  try {
    return { value: reader.value(), length: reader.at };
  } catch (error) {
    if (error instanceof TooShort) return undefined;
    throw error;
  }
}
