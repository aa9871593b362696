// node test/docs/write.mjs: writes the README's generated blocks again.
import { readFileSync, writeFileSync } from 'node:fs';
import { README, withBlocks } from './blocks.mjs';

writeFileSync(README, withBlocks(readFileSync(README, 'utf8')));
