import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from './folder.mjs';
import { QUICK_START, registryJar } from './java.mjs';
import { freePorts } from './ports.mjs';
import { Server } from './server.mjs';

const ANSWER_MS = 2_000;

async function answers(url) {
  try {
    return (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

/**
 * A registry on a port of 127.0.0.1, a free one unless given, not started yet. It holds its schemas in memory: a restart forgets them.
 * `url` is the base of its Confluent API.
 */
export async function prepareRegistry(wanted = 0) {
  const jar = await registryJar();
  const folder = temporaryFolder(join(tmpdir(), 'acceptstream-registry-'));
  const [free] = await freePorts(1);
  const port = wanted || free;
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const settings = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`];
  const server = new Server({
    name: 'the registry',
    argv: [...QUICK_START, ...settings, '-jar', jar],
    log: join(folder.path, 'registry.log'),
    ready: () => answers(url),
  });
  const stop = async () => {
    await server.kill();
    folder.remove();
  };
  return { url, server, stop };
}

/** Starts a registry and waits until it serves. */
export async function startRegistry(port = 0) {
  const registry = await prepareRegistry(port);
  try {
    await registry.server.start();
  } catch (error) {
    await registry.stop();
    throw error;
  }
  return registry;
}
