import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone, or the installed package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** npm never packs the lockfile: where it is, this is a clone. */
export const isClone = () => existsSync(join(ROOT, 'package-lock.json'));
