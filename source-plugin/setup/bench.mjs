import { join } from 'node:path';
import { withCapture } from './namespace.mjs';
import { ROOT } from './root.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  await setUp({ tests: true });
  return withCapture(join(ROOT, 'test/bench/index.mjs'), process.argv.slice(2));
});
