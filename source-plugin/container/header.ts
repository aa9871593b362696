import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Schema, Type } from 'avsc';

/** How the datums of a block are compressed; deflate is raw (RFC 1951), as Avro has it. */
export const CODECS = ['null', 'deflate'] as const;
export type Codec = (typeof CODECS)[number];

/** Bytes of the marker behind the header and behind each block, random in each file. */
export const SYNC_BYTES = 16;
export const MAGIC = Buffer.from('Obj\x01', 'latin1');

/** Keys of the metadata that Avro gives a meaning to. */
export const SCHEMA_KEY = 'avro.schema';
export const CODEC_KEY = 'avro.codec';

/** Avro specification, "Object Container Files". */
const HEADER_SCHEMA: Schema = {
  type: 'record',
  name: 'org.apache.avro.file.Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: MAGIC.length } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_BYTES } },
  ],
};

/** The start of a container of records. */
interface ContainerHeader {
  readonly magic: Buffer;
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}

const require = createRequire(import.meta.url);
let loaded: Type | undefined;

/** The schema of the records that we write, as its file is. */
export function ownSchema(): string {
  return readFileSync(require.resolve('#schemas/accept.avsc'), 'utf8');
}

/** The header of a file of ours. */
export function encodeHeader(codec: Codec, sync: Buffer): Buffer {
  const meta = { [SCHEMA_KEY]: Buffer.from(ownSchema()), [CODEC_KEY]: Buffer.from(codec) };
  return headerType().toBuffer({ magic: MAGIC, meta, sync } satisfies ContainerHeader);
}

// avsc is loaded by those who have a container: a capture without one starts faster.
function headerType(): Type {
  loaded ??= (require('avsc') as typeof import('avsc')).Type.forSchema(HEADER_SCHEMA);
  return loaded;
}
