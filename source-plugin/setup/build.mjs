import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  await setUp();
  return 0;
});
