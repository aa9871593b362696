import { construct } from './construct.mjs';
import { command } from './say.mjs';

// Started by root as the owner of the clone: nothing that it makes is root's.
await command(async () => {
  await construct();
  return 0;
});
