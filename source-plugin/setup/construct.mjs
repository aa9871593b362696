import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { installPackages, missingPackages } from './npm-packages.mjs';
import { ROOT } from './root.mjs';
import { interruptible } from './run.mjs';
import { SetupError } from './say.mjs';
import { runSteps } from './steps.mjs';

function assertWritable() {
  try {
    for (const path of [ROOT, join(ROOT, 'dist'), join(ROOT, 'node_modules')]) {
      if (existsSync(path)) accessSync(path, constants.W_OK);
    }
  } catch (error) {
    throw new SetupError(`${error.path} can't be written by this user`, {
      remedy: `give the clone to one user: chown -R USER ${ROOT}`,
    });
  }
}

/** Installs the npm packages and runs the build steps that are missing, as the user this process is. */
export function construct() {
  return interruptible(async () => {
    assertWritable();
    await withLock(ROOT, async (held) => {
      if (missingPackages(ROOT).length > 0) await installPackages(ROOT, held);
      await runSteps(ROOT, held);
    });
  });
}
