// npm run test:peers [-- PEER…]: the programs that take our records, each as it is, and the unit under a real systemd.
// Options are the test runner's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkService } from './systemd/guest.mjs';
import { buildTelegraf } from './telegraf.mjs';

const TESTED = ['flink', 'opensearch', 'rsyslog', 'suricata', 'syslog-ng', 'telegraf', 'wasmtime'];
const ALL = [...TESTED, 'systemd'];
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'runner', '--project', 'peers'];

const say = (text) => process.stderr.write(`peers: ${text}\n`);

async function testPeers(peers, options) {
  const env = { ...process.env };
  if (peers.includes('telegraf')) {
    say('building Telegraf');
    env.ACCEPTSTREAM_TELEGRAF = await buildTelegraf();
  }
  const files = peers.map((peer) => `test/peers/${peer}.test.ts`);
  const [status] = await once(
    spawn(process.execPath, [...VITEST, ...files, ...options], { stdio: 'inherit', env }),
    'exit',
  );
  if (status !== 0) throw new Error('the tests of peers failed');
}

async function checkUnit() {
  say('booting a guest with systemd');
  const { status, words, kernel } = await checkService({ onOutput: (text) => process.stdout.write(text) });
  if (status !== 0) throw new Error(`the unit failed on ${kernel}:\n${words}`);
}

const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const named = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = named.find((peer) => !ALL.includes(peer));
if (unknown !== undefined) {
  say(`no peer ${unknown}: peers are ${ALL.join(', ')}`);
  process.exit(2);
}
const peers = named.length > 0 ? named : ALL;
const tested = TESTED.filter((peer) => peers.includes(peer));
const checks = [
  ...(tested.length > 0 ? [() => testPeers(tested, options)] : []),
  ...(peers.includes('systemd') ? [checkUnit] : []),
];
let failed = 0;
for (const check of checks) {
  try {
    await check();
  } catch (error) {
    failed++;
    say(error.message);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
