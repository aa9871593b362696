import { rmSync } from 'node:fs';
import { AcceptstreamError } from '../../schemas/error.js';
import type { Sink } from '../contracts.js';
import { Recording } from './recording.js';

/**
 * Writes one Avro Object Container File by exactly this name, which nothing may have yet. It is a container from the
 * start, so that it can be read while it grows. A batch is safe as with openFileSink. Rejects with SINK.
 */
export async function openSingleFile(path: string): Promise<Sink> {
  const recording = await Recording.create(path, 'null');
  try {
    await recording.begin();
  } catch (error) {
    await recording.close();
    rmSync(path, { force: true });
    throw error;
  }
  return {
    write: async (batch) => {
      await recording.write(batch);
      if (recording.isDeleted) throw deleted(path);
    },
    close: () => recording.flush().finally(() => recording.close()),
  };
}

function deleted(path: string): AcceptstreamError {
  return new AcceptstreamError('SINK', 'write file', `${path} was deleted while it was written: nothing more was read`);
}
