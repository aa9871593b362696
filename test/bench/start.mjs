// Time from exec to the header.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MAIN } from './agent.mjs';
import { child } from './scratch.mjs';

const STARTS = 12;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS = [
  { name: 'node dist/source-plugin/main.js', argv: [process.execPath, MAIN] },
  { name: 'npm start', argv: ['npm', 'start'] },
];

async function secondsToHeader(argv) {
  const start = performance.now();
  // A process group of its own: npm's children get the signal too.
  const started = child(argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const exit = once(started, 'close');
  const [text] = await Promise.race([once(started.stdout, 'data'), exit.then(() => [''])]);
  const seconds = (performance.now() - start) / 1000;
  if (!String(text).startsWith('PID')) throw new Error(`${argv.join(' ')} printed no header`);
  started.stdout.resume();
  process.kill(-started.pid, 'SIGINT');
  await exit;
  return seconds;
}

export async function benchStart(progress) {
  const measures = [];
  for (const { name, argv } of COMMANDS) {
    const values = [];
    await secondsToHeader(argv);
    for (let start = 1; start <= STARTS; start += 1) {
      progress(`${name}, ${start} of ${STARTS}`);
      values.push(await secondsToHeader(argv));
    }
    measures.push({ name, unit: 's', values, atMost: { must: 0.5 } });
  }
  return measures;
}
