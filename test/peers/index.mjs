// npm run test:peers: the peers that have to be built, those of npm test beside them, and the unit under a real systemd.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkService } from './systemd/guest.mjs';
import { buildTelegraf } from './telegraf.mjs';

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'runner', '--project', 'live', 'test/peers'];

const say = (text) => process.stderr.write(`peers: ${text}\n`);

async function checkPeers() {
  say('building Telegraf');
  const telegraf = await buildTelegraf();
  const env = { ...process.env, ACCEPTSTREAM_TELEGRAF: telegraf };
  const [status] = await once(spawn(process.execPath, VITEST, { stdio: 'inherit', env }), 'exit');
  if (status !== 0) throw new Error('the tests of peers failed');
}

async function checkUnit() {
  say('booting a guest with systemd');
  const { status, words, kernel } = await checkService({ onOutput: (text) => process.stdout.write(text) });
  if (status !== 0) throw new Error(`the unit failed on ${kernel}:\n${words}`);
}

let failed = 0;
for (const check of [checkPeers, checkUnit]) {
  try {
    await check();
  } catch (error) {
    failed++;
    say(error.message);
  }
}
console.log(`${2 - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
