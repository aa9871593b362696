#!/usr/bin/env node
import { launch } from './launch.mjs';
import { command, isClone, setUp } from './setup.mjs';

await command(async () => {
  if (isClone()) await setUp();
  return launch(process.argv.slice(2));
});
