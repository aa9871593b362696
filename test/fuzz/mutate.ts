import type { Random } from './random.js';

/** Bytes, and where their parts begin; the last place is their end. */
export interface Sample {
  readonly bytes: Uint8Array;
  readonly parts: readonly number[];
}

const ofHex = (digits: string) => Buffer.from(digits, 'hex');

/** Numbers and lengths at a limit, or past it. */
const NUMBERS = [
  ...['00', '01', '02', '7f', '8001', 'feffffff0f', 'ffffffff0f', '8080808010', '8180808010', 'ff', '80', '808000'],
  ...['feffffffffffffffff01', 'ffffffffffffffffff01', 'ffffffffffffffffff02', '80808080808080808080'],
  ...['8080808080808080808000', 'fffffffffffffffffff0', '8080808000', '808080808080808000', '80808080808080808001'],
].map(ofHex);

const TEXTS = [
  ...['', '"', '\\', '\n', '\0', '\u001b[31m', '\u0085', '\ufffd', '\u{1f600}', '::ffff:1.2.3.4', '127.0.0.1', '::1'],
  ...['::ffff:', '::ffff:999.9.9.9', '1.2.3', ':::::', 'fe80::1%eth0', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(40)],
  ...['"'.repeat(300), '\u0001'.repeat(1500)],
].map((text) => Buffer.from(text));
const NO_UTF8 = ['ff', 'c3', 'eda080', 'f09f98', 'c0af', 'e282', '80', '61ff62'].map(ofHex);

/** A text as Avro has it. */
function withLength(text: Buffer): Buffer {
  const length = text.length * 2;
  return Buffer.concat([length < 0x80 ? Buffer.of(length) : Buffer.of(0x80 | (length & 0x7f), length >> 7), text]);
}

const PIECES = [...NUMBERS, ...[...TEXTS, ...NO_UTF8].map(withLength)];

/** Bytes that one edit adds at most. */
const MOST_ADDED = 64;

/** Bytes that are put together and then spoiled. Edits leave room for what one of them adds. */
export class Draft {
  readonly #room: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#room = Buffer.alloc(capacity);
  }

  /** A view that the next draft overwrites. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  get capacity(): number {
    return this.#room.length;
  }

  begin(): void {
    this.#length = 0;
  }

  /** What there is no room for is left out. */
  add(bytes: Uint8Array): void {
    const fitting = bytes.subarray(0, this.#room.length - this.#length);
    this.#room.set(fitting, this.#length);
    this.#length += fitting.length;
  }

  /** A safe integer as Avro has it. */
  addNumber(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#addByte((rest % 0x80) | 0x80);
    this.#addByte(rest);
  }

  #addByte(byte: number): void {
    if (this.#length < this.#room.length) this.#room[this.#length++] = byte;
  }

  addRandom(random: Random, { least = 0, most }: { readonly least?: number; readonly most: number }): void {
    const end = Math.min(this.#length + least + random.below(most - least + 1), this.#room.length);
    random.fill(this.#room, this.#length, end);
    this.#length = end;
  }

  /** A sample in which one part is another's, or what no writer writes. */
  addSpoiled(random: Random, { bytes, parts }: Sample): void {
    const part = random.below(parts.length - 1);
    this.add(bytes.subarray(0, parts[part]));
    this.add(random.pick(PIECES));
    this.add(bytes.subarray(parts[part + 1]));
  }

  /** Changes something, anywhere. */
  edit(random: Random): void {
    if (this.#length === 0) return;
    const at = random.below(this.#length);
    const kind = random.below(6);
    if (kind === 0) this.#room[at] = random.next();
    else if (kind === 1) this.#room[at] = (this.#room[at] ?? 0) ^ (1 << random.below(8));
    else if (kind === 2) this.#length = at;
    else if (kind === 3) this.#cut(at, 1 + random.below(MOST_ADDED));
    else this.#insert(random, at, kind === 4);
  }

  #cut(at: number, bytes: number): void {
    this.#room.copyWithin(at, at + bytes, this.#length);
    this.#length = Math.max(at, this.#length - bytes);
  }

  // Random bytes, or some that are there.
  #insert(random: Random, at: number, isNew: boolean): void {
    const bytes = Math.min(1 + random.below(MOST_ADDED), this.#room.length - this.#length);
    this.#room.copyWithin(at + bytes, at, this.#length);
    this.#length += bytes;
    if (isNew) random.fill(this.#room, at, at + bytes);
    else this.#room.copyWithin(at, random.below(at + 1), at);
  }
}
