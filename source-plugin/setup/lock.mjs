import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './run.mjs';
import { SetupError, say } from './say.mjs';

/**
 * Runs `work` as the only set-up of this clone. The lock is the kernel's, on an open file that programs started
 * by `work` inherit: it is free again when the last of them is gone, however they ended.
 */
export async function withLock(root, work) {
  mkdirSync(join(root, 'dist/.setup'), { recursive: true });
  const held = openSync(join(root, 'dist/.setup/lock'), 'a');
  try {
    const first = await attempt(['flock', '-n', '3'], { held });
    if (first.status === 127) throw new SetupError('flock is missing', { remedy: 'install util-linux' });
    if (first.status !== 0) {
      say('waiting for another set-up of this clone');
      await attempt(['flock', '3'], { held });
    }
    return await work(held);
  } finally {
    closeSync(held);
  }
}
