import { isAcceptSchema } from '../../filter-core/plan.js';
import { broken, foreign } from './broken.js';
import { BUFFER_BYTES } from './bytes.js';
import { LONG_MAX, longAt } from './frame.js';
import { CODEC_KEY, CODECS, type Codec, MAGIC, SCHEMA_KEY, SYNC_BYTES } from './header.js';

/** What a container of accepts says of itself. */
export interface Preamble {
  /** Parsed. */
  readonly schema: unknown;
  readonly codec: Codec;
  readonly sync: Buffer;
  /** Where the first block starts. */
  readonly end: number;
}

/**
 * Reads the header that a file starts with, from as many of its first bytes as there are; undefined when they end before
 * it does.
 *
 * @throws AcceptstreamError MALFORMED when it is none, none of accepts, or of a codec that is not read here.
 */
export function readHeader(bytes: Buffer): Preamble | undefined {
  const start = bytes.subarray(0, MAGIC.length);
  if (!start.equals(MAGIC.subarray(0, start.length))) throw foreign(noContainer(bytes));
  const cursor = new Cursor(bytes, MAGIC.length);
  const meta = readMap(cursor);
  const sync = Buffer.from(cursor.take(SYNC_BYTES));
  if (cursor.isShort) {
    if (bytes.length >= BUFFER_BYTES) throw broken(0, `its header is longer than ${BUFFER_BYTES} bytes`);
    return undefined;
  }
  return { codec: codecOf(meta), schema: schemaOf(meta), sync, end: cursor.at };
}

// A map: blocks of a count and so many pairs, until a count of 0; a negative count has the block's bytes behind it.
function readMap(cursor: Cursor): Map<string, Buffer> {
  const map = new Map<string, Buffer>();
  for (let count = cursor.long(); count !== 0; count = cursor.long()) {
    if (count < 0) cursor.long();
    for (let left = Math.abs(count); left > 0 && !cursor.isShort; left--) {
      const key = cursor.text().toString();
      map.set(key, cursor.text());
    }
  }
  return map;
}

function codecOf(meta: ReadonlyMap<string, Buffer>): Codec {
  const name = meta.get(CODEC_KEY)?.toString() ?? 'null';
  const codec = CODECS.find((one) => one === name);
  if (codec) return codec;
  const remedy = 'write it again with deflate, as avro-tools recodec --codec deflate does';
  throw foreign(`its blocks are compressed with ${name}; this program reads ${CODECS.join(' and ')}: ${remedy}`);
}

function schemaOf(meta: ReadonlyMap<string, Buffer>): unknown {
  const text = meta.get(SCHEMA_KEY)?.toString();
  if (text === undefined) throw foreign(`its header has no ${SCHEMA_KEY}`);
  const schema = parsed(text);
  if (isAcceptSchema(schema)) return schema;
  const name = (schema as { name?: unknown } | null)?.name;
  const found = typeof name === 'string' ? `of a record ${name}` : 'of no record';
  throw foreign(`its schema is ${found}, not of a record Accept: these are no accepts`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw foreign(`its ${SCHEMA_KEY} is no JSON (${(cause as Error).message})`);
  }
}

/** First bytes of what is often mistaken for a container. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['\x1f\x8b', 'it is compressed with gzip: unpack it first, as in gzip -dc FILE | acceptstream read -'],
  ['\x28\xb5\x2f\xfd', 'it is compressed with zstd: unpack it first, as in zstd -dc FILE | acceptstream read -'],
  ['PID ', 'it holds rows of tcpaccept: only recordings can be read'],
  ['{', 'it holds JSON: only recordings can be read'],
];

function noContainer(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, MAGIC.length);
  const [, reason] = OTHERS.find(([start]) => text.startsWith(start)) ?? [];
  return `it is no Avro container file: ${reason ?? `it does not start with ${JSON.stringify(MAGIC.toString('latin1'))}`}`;
}

/** Goes over bytes that may end too early; from then on it finds zeros and nothings. */
class Cursor {
  at: number;
  isShort = false;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  long(): number {
    if (this.isShort) return 0;
    const long = longAt(this.#bytes, this.at);
    if (!long && this.#bytes.length - this.at >= LONG_MAX) throw broken(this.at, 'its header holds no number there');
    this.isShort = !long;
    this.at = long?.end ?? this.at;
    return long?.value ?? 0;
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.at, this.at + length);
    this.isShort ||= taken.length < length;
    this.at += taken.length;
    return taken;
  }

  text(): Buffer {
    const start = this.at;
    const length = this.long();
    if (length < 0 || length > BUFFER_BYTES) throw broken(start, `its header has a text of ${length} bytes`);
    return this.take(length);
  }
}
