import { createRequire } from 'node:module';
import type { Type } from 'avsc';
import type { Accept } from '../schemas/accept.js';
import { AcceptstreamError } from '../schemas/error.js';
import { ownSchema } from './container/header.js';

const require = createRequire(import.meta.url);
let loaded: Type | undefined;

/** Decodes datums of schemas/accept.avsc that stand back to back, as the `avro` format makes them. Throws MALFORMED. */
export function decodeAccepts(bytes: Uint8Array): Accept[] {
  const type = acceptType();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const accepts: Accept[] = [];
  for (let offset = 0; offset < buffer.length; ) {
    const next = type.decode(buffer, offset);
    if (next.offset <= offset)
      throw new AcceptstreamError('MALFORMED', 'decode records', `the record at byte ${offset} is cut off`);
    accepts.push(next.value as Accept);
    offset = next.offset;
  }
  return accepts;
}

// avsc is loaded by those who decode: printing rows needs no JavaScript object per record.
function acceptType(): Type {
  if (!loaded) {
    const avsc = require('avsc') as typeof import('avsc');
    loaded = avsc.Type.forSchema(JSON.parse(ownSchema()));
  }
  return loaded;
}
