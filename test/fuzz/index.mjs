// npm run fuzz -- [--seed N] [--count N] [TARGET …]
import { fuzz } from './main.js';

process.exitCode = await fuzz(new URL('./targets.ts', import.meta.url).href, process.argv.slice(2));
