import { mkdtempSync, rmSync } from 'node:fs';

const TRIES = 100;
const PAUSE_MS = 10;

function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

// A server that was killed just now may write a last file while its folder goes.
function removeFolder(path, tries = TRIES) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (tries === 0) throw error;
    pause();
    removeFolder(path, tries - 1);
  }
}

/** A new folder whose path starts with `prefix`. It goes when `remove` is called, at the latest with this process. */
export function temporaryFolder(prefix) {
  const path = mkdtempSync(prefix);
  const remove = () => {
    process.off('exit', remove);
    removeFolder(path);
  };
  process.once('exit', remove);
  return { path, remove };
}
