import { unreadable } from './source-response.js';

const EMPTY = Buffer.alloc(0);

/**
 * Steps over records of Kafka's format 2, back to back, without an object for each:
 * length varint, attributes int8, timestamp delta varlong, offset delta varint, key length varint, key, value length
 * varint, value, headers. Varints are zigzag; a length of -1 is null.
 */
export class RecordCursor {
  bytes: Buffer = EMPTY;
  /** Of the record at hand. */
  offset = 0;
  /** Its value is bytes[from, to); `from` is -1 when there is none. */
  from = -1;
  to = -1;
  #firstOffset = 0;
  #left = 0;
  #at = 0;

  start(bytes: Buffer, firstOffset: number, count: number): void {
    this.bytes = bytes;
    this.#firstOffset = firstOffset;
    this.#left = count;
    this.#at = 0;
  }

  /** Goes to the next record; false when there is none. Throws MALFORMED at bytes that are none. */
  next(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    const end = this.#length(this.bytes.length);
    this.#at += 1;
    this.#varint();
    this.offset = this.#firstOffset + this.#varint();
    const value = this.#length(end);
    this.#at = Math.max(value, this.#at);
    this.#value(end);
    this.#at = end;
    return true;
  }

  #value(end: number): void {
    const to = this.#length(end);
    const isNull = to < this.#at;
    this.from = isNull ? -1 : this.#at;
    this.to = isNull ? -1 : to;
  }

  /** Reads a length; answers where what it measures ends, before here for null. */
  #length(end: number): number {
    const length = this.#varint();
    if (this.#at + length > end) throw unreadable('a record is cut off');
    return this.#at + length;
  }

  // Doubles in place of shifts: a varlong has up to 64 bits.
  #varint(): number {
    let raw = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 63) throw unreadable('a record is cut off');
      raw += (byte & 127) * scale;
      if (byte < 128) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    }
  }
}
