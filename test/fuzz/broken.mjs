import { fuzz } from './main.js';

process.exitCode = await fuzz(new URL('./broken-targets.ts', import.meta.url).href, process.argv.slice(2));
