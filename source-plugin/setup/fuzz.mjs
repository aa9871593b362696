import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './root.mjs';
import { foreground } from './run.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  await setUp({ tests: true });
  const loader = pathToFileURL(join(ROOT, 'test/fuzz/typescript.mjs')).href;
  return foreground([
    process.execPath,
    '--import',
    loader,
    join(ROOT, 'test/fuzz/index.mjs'),
    ...process.argv.slice(2),
  ]);
});
