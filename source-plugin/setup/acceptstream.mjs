#!/usr/bin/env node
import { launch } from './launch.mjs';
import { isClone } from './root.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  if (isClone()) await setUp();
  return launch(process.argv.slice(2));
});
