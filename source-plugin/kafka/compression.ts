import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import type { KafkaConfig } from '../config/types.js';

const TYPES = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const;

/** kafkajs's number of a compression, made ready for use. */
export async function compressionType(name: KafkaConfig['compression']): Promise<CompressionTypes> {
  if (name === 'zstd') await registerZstd();
  return TYPES[name];
}

/** Lets kafkajs read and write zstd, which it knows by number only. */
export async function registerZstd(): Promise<void> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await init();
  const codec = {
    compress: async ({ buffer }: { readonly buffer: Buffer }) => asBuffer(compress(buffer)),
    decompress: async (bytes: Buffer) => asBuffer(decompress(bytes)),
  };
  CompressionCodecs[CompressionTypes.ZSTD] = () => codec;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
