import { join } from 'node:path';
import { ROOT } from './root.mjs';
import { foreground } from './run.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  await setUp({ tests: true });
  return foreground([process.execPath, join(ROOT, 'test/kernels/index.mjs'), ...process.argv.slice(2)]);
});
