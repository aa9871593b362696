import { join } from 'node:path';
import { withCapture } from './namespace.mjs';
import { ROOT } from './root.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  await setUp({ tests: true });
  process.chdir(ROOT);
  return withCapture(join(ROOT, 'test/peers/index.mjs'), process.argv.slice(2));
});
