import { command, setUp } from './setup.mjs';

await command(async () => {
  await setUp();
  return 0;
});
