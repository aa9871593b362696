import { join } from 'node:path';
import { withCapture } from './namespace.mjs';
import { asOwner } from './privilege.mjs';
import { ROOT } from './root.mjs';
import { interruptible, run } from './run.mjs';
import { command } from './say.mjs';
import { setUp } from './setup.mjs';

const inModules = (path) => join(ROOT, 'node_modules', path);
const CHECKS = [
  ['lint', [process.execPath, inModules('@biomejs/biome/bin/biome'), 'check', '--colors=off', '.']],
  ['type check', [process.execPath, inModules('typescript/bin/tsc'), '--noEmit', '-p', 'test']],
];

async function check() {
  const as = asOwner(ROOT);
  const ends = await Promise.allSettled(CHECKS.map(([name, argv]) => run(argv, { name, as, cwd: ROOT })));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
}

const given = process.argv.slice(2);
// Peers are other people's programs, of which each has to be fetched: npm run test:peers.
const projects = given.some((word) => word.startsWith('--project')) ? [] : ['--project', '!peers'];

await command(async () => {
  await setUp({ tests: true });
  await interruptible(check);
  process.chdir(ROOT);
  // The runner would put its compiled configuration under node_modules, as root; so it runs the configuration as it is.
  return withCapture(inModules('vitest/vitest.mjs'), ['run', '--configLoader', 'runner', ...projects, ...given]);
});
