import { join } from 'node:path';
import { canCapture, isRoot, privileged } from './privilege.mjs';
import { ROOT } from './root.mjs';
import { attempt, foreground } from './run.mjs';
import { say } from './say.mjs';
import { signalThroughSudo } from './sudo-signal.mjs';

const UNSHARE = ['unshare', '-m', '--propagation', 'private'];
const MOUNT = join(ROOT, 'source-plugin/setup/mount.mjs');

/**
 * Runs a script with what capture needs: as root, in a mount namespace of its own where mount.mjs adds tracefs and
 * bpffs. Goes on without what can't be had.
 * @returns {Promise<number>} exit status
 */
export async function withCapture(script, argv) {
  const plain = [process.execPath, script, ...argv];
  try {
    const unshare = await privileged([...UNSHARE], { purpose: 'capture', remedy: '' });
    const { status } = await attempt([...unshare, 'true']);
    if (status !== 0) throw new Error('this machine allows no mount namespace');
    return foreground(
      [...unshare, process.execPath, MOUNT, script, ...argv],
      isRoot() ? {} : { forward: signalThroughSudo },
    );
  } catch (error) {
    say(`${error.message}: going on without${canCapture() ? ' tracefs and bpffs of our own' : ' capture'}`);
    return foreground(plain);
  }
}
