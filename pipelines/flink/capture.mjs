import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../kafka-local/folder.mjs';

const COMMAND = fileURLToPath(new URL('../../source-plugin/setup/acceptstream.mjs', import.meta.url));

// JSON is YAML too.
function configOf({ kafka, registry }) {
  const { brokers } = kafka;
  const sink = { type: 'kafka', required: true, brokers, topic: 'accepts', registry: { url: registry.url } };
  return JSON.stringify({
    source: { type: 'live' },
    sinks: { kafka: { ...sink, key: 'remote_address', linger_ms: 20 } },
  });
}

/** Resolves when `child` has said on stderr that its sink is connected, which it is told here too. */
async function untilConnected(child) {
  let told = '';
  const connected = new Promise((resolve) => {
    child.stderr.on('data', (bytes) => {
      process.stderr.write(bytes);
      told += bytes;
      if (told.includes(' to topic ')) resolve();
    });
  });
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`acceptstream has ended with status ${status}: without it there are no accepts to join`);
  });
  await Promise.race([connected, ended]);
}

/**
 * Starts `acceptstream run` with all accepts of this host to the local Kafka, and waits until it captures.
 * @returns what ends it when the accepts that it has are delivered
 */
export async function startCapture(local) {
  // It reads its configuration as root and again as an ordinary user.
  const folder = temporaryFolder(join(tmpdir(), 'acceptstream-flink-run-'));
  chmodSync(folder.path, 0o755);
  const config = join(folder.path, 'run.yaml');
  writeFileSync(config, configOf(local), { mode: 0o644 });
  const argv = [COMMAND, 'run', config];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async () => {
    const isRunning = child.exitCode === null && child.signalCode === null;
    if (isRunning && child.kill('SIGTERM')) await once(child, 'exit');
    folder.remove();
  };
  try {
    await untilConnected(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
