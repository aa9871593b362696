import { Readable } from 'node:stream';
import avsc from 'avsc';
import type { Accept } from '../../../schemas/accept.js';

/** What avsc's own reader of containers takes out of a file. */
export interface Judged {
  readonly codec: string;
  readonly schema: unknown;
  readonly accepts: readonly Accept[];
}

/** Reads a container with avsc; rejects with what it has against it. */
export async function judge(bytes: Uint8Array): Promise<Judged> {
  const decoder = new avsc.streams.BlockDecoder();
  const accepts: Accept[] = [];
  const found = { codec: '', schema: undefined as unknown };
  decoder.on('metadata', (type, codec) => Object.assign(found, { codec, schema: type.schema() }));
  await new Promise<void>((resolve, reject) => {
    decoder.on('data', (accept: Accept) => accepts.push(accept));
    decoder.on('error', reject);
    decoder.on('end', resolve);
    Readable.from([Buffer.from(bytes)]).pipe(decoder);
  });
  return { ...found, accepts: accepts.map((accept) => ({ ...accept })) };
}
