import type { CompressionTypes as CompressionType } from 'kafkajs';
import type { KafkaConfig } from '../config/types.js';
import { CompressionCodecs, CompressionTypes } from './kafkajs.js';

const TYPES = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const;

/** kafkajs's number of a compression, made ready for use. */
export async function compressionType(name: KafkaConfig['compression']): Promise<CompressionType> {
  if (name === 'zstd') await registerZstd();
  return TYPES[name];
}

/** Java's frames do not say how much they hold: more than this is refused. */
const UNSIZED = { defaultHeapSize: 16 << 20 };

let zstd: Promise<void> | undefined;

/** Lets kafkajs read and write zstd, which it knows by number only. */
export function registerZstd(): Promise<void> {
  // Started twice, the codec runs in a memory that is not set up yet.
  zstd ??= startZstd();
  return zstd;
}

async function startZstd(): Promise<void> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await init();
  const codec = {
    compress: async ({ buffer }: { readonly buffer: Buffer }) => asBuffer(compress(buffer)),
    decompress: async (bytes: Buffer) => asBuffer(decompress(bytes, UNSIZED)),
  };
  CompressionCodecs[CompressionTypes.ZSTD] = () => codec;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
