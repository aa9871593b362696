import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isFree } from '../../pipelines/kafka-local/ports.mjs';
import { kafkaReason } from '../support/kafka-servers.js';
import { describeUnless } from '../support/reasons.js';
import { until } from '../support/until.js';
import { administer } from './topics.js';

const START = fileURLToPath(new URL('../../pipelines/kafka-local/start.mjs', import.meta.url));
const START_MS = 120_000;
const PORTS = [9092, 8081];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'acceptstream-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (output.stdout += bytes));
  child.stderr.on('data', (bytes) => (output.stderr += bytes));
  return { child, output, exit: once(child, 'close') };
}

it('npm run kafka names what is missing in one line, with the command that installs it', async () => {
  symlinkSync(process.execPath, join(folder, 'node'));
  const { output, exit } = start({ PATH: folder, XDG_CACHE_HOME: folder });
  expect(await exit).toEqual([1, null]);
  expect(output.stderr).toBe(
    'the local Kafka needs a Java runtime of version 17 or later and Maven and openssl: ' +
      'run as root: apt-get install -y --no-install-recommends default-jre-headless maven openssl\n',
  );
});

async function reason(): Promise<string> {
  const free = await Promise.all(PORTS.map(isFree));
  return kafkaReason() || (free.every(Boolean) ? '' : `needs the ports ${PORTS.join(' and ')}`);
}

describeUnless(await reason(), 'npm run kafka', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'serves what it prints, and leaves nothing behind after %s',
    async (signal) => {
      const { child, output, exit } = start({ TMPDIR: folder });
      await until(
        () => output.stderr,
        () => output.stderr.includes('Ctrl-C'),
        START_MS,
      );
      expect(output.stdout).toBe('');
      const brokers = /^Kafka +(\S+),/m.exec(output.stderr)?.[1] ?? '';
      const registry = /^registry +(\S+)$/m.exec(output.stderr)?.[1] ?? '';
      const offsets = await administer([brokers], (admin) => admin.fetchTopicOffsets('accepts'));
      expect(offsets).toHaveLength(3);
      expect(await (await fetch(`${registry}/config`)).json()).toEqual({ compatibilityLevel: 'BACKWARD' });
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      expect(readdirSync(folder).filter((name) => name.startsWith('acceptstream-'))).toEqual([]);
      expect(await Promise.all(PORTS.map(isFree))).toEqual([true, true]);
    },
    START_MS,
  );

  it('ends at once, and leaves nothing behind, when it is stopped while starting', async () => {
    const { child, output, exit } = start({ TMPDIR: folder });
    await until('a broker', () => readdirSync(folder).some((name) => name.startsWith('acceptstream-kafka-')), START_MS);
    child.kill('SIGINT');
    expect(await exit).toEqual([0, null]);
    expect(output.stderr).not.toContain('Ctrl-C');
    expect(readdirSync(folder).filter((name) => name.startsWith('acceptstream-'))).toEqual([]);
  });

  it('says which port is taken', async () => {
    const holder = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${PORTS[1]}, '127.0.0.1', () => console.log())`,
    ]);
    await once(holder.stdout, 'data');
    const { output, exit } = start({});
    expect(await exit).toEqual([1, null]);
    expect(output.stderr).toBe('port 8081 of 127.0.0.1 is taken: stop the program that uses it\n');
    holder.kill();
  });
});
