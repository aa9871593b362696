// Imported first (node --import), it lets Node.js 20 run the TypeScript of the sources and of the tests.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
