import { AcceptstreamError } from '../../schemas/error.js';
import { languageOf } from '../network/language.js';

const SIZE_BYTES = 4;
const MAX_RESPONSE_BYTES = 64 << 20;

/**
 * Cuts a stream into Kafka's responses (size int32, then that many bytes) and hands on whole ones only: kafkajs keeps
 * half a response when a connection breaks, and reads the next connection's bytes as its rest.
 *
 * The returned function throws when a size can't be a response's, or what `deliver` throws.
 */
export function frameReader(deliver: (frame: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = SIZE_BYTES;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= needed) {
      const bytes = join(chunks);
      const end = SIZE_BYTES + responseSize(bytes);
      const isWhole = held >= end;
      if (isWhole) deliver(bytes.subarray(0, end));
      chunks = [isWhole ? bytes.subarray(end) : bytes];
      held -= isWhole ? end : 0;
      needed = isWhole ? SIZE_BYTES : end;
    }
  };
}

// Most responses come in one chunk, which needs no copy.
function join(chunks: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(0)] = chunks;
  return chunks.length === 1 ? first : Buffer.concat(chunks);
}

function responseSize(bytes: Buffer): number {
  const size = bytes.readInt32BE(0);
  if (size >= 0 && size <= MAX_RESPONSE_BYTES) return size;
  const language = languageOf(bytes);
  const what = language ? `speaks ${language}` : 'does not speak the Kafka protocol';
  throw new AcceptstreamError('SINK', 'read from Kafka', `it ${what}`);
}
