import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../kafka-local/folder.mjs';
import { flinkClasses } from '../kafka-local/java.mjs';
import { freePorts } from '../kafka-local/ports.mjs';
import { Server } from '../kafka-local/server.mjs';
import { Session } from './session.mjs';

const GATEWAY = 'org.apache.flink.table.gateway.SqlGateway';
const ANSWER_MS = 2_000;
/** Each job has a mini-cluster and its REST port: as many as the repository has jobs, and some. */
const JOBS = 10;
// Flink reaches into these for its network buffers and serializers.
const OPENED = ['java.util', 'java.lang', 'java.nio'].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
const HEAP = ['-Xmx512m', '-XX:+UseSerialGC'];

function settings(port, rest, folder) {
  return {
    'execution.target': 'local',
    'parallelism.default': 2,
    'sql-gateway.endpoint.rest.address': '127.0.0.1',
    'sql-gateway.endpoint.rest.bind-address': '127.0.0.1',
    'sql-gateway.endpoint.rest.port': port,
    'sql-gateway.endpoint.rest.bind-port': port,
    'rest.address': '127.0.0.1',
    'rest.bind-address': '127.0.0.1',
    'rest.bind-port': `${rest}-${rest + JOBS}`,
    'metrics.fetcher.update-interval': '500 ms',
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.bind-host': '127.0.0.1',
    'taskmanager.host': '127.0.0.1',
    'taskmanager.bind-host': '127.0.0.1',
    'taskmanager.memory.network.min': '16m',
    'taskmanager.memory.network.max': '16m',
    'taskmanager.memory.managed.size': '16m',
    'io.tmp.dirs': folder,
  };
}

function writeSettings(folder, port, rest) {
  mkdirSync(join(folder, 'conf'));
  const lines = Object.entries(settings(port, rest, folder)).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(folder, 'conf', 'config.yaml'), lines.join(''));
}

async function answers(url) {
  try {
    return (await fetch(`${url}/v3/info`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

function serverOf(folder, classes, { url, java }) {
  // Its own temporary files go with the folder too.
  const flags = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', `-Djava.io.tmpdir=${folder}`];
  return new Server({
    name: 'Flink',
    argv: [...HEAP, ...java, ...flags, ...OPENED, '-cp', classes, GATEWAY],
    env: { FLINK_CONF_DIR: join(folder, 'conf') },
    log: join(folder, 'flink.log'),
    ready: () => answers(url),
  });
}

/**
 * Starts Flink's SQL gateway on a free port of 127.0.0.1 and waits until it serves. Jobs run in its process, each in a
 * mini-cluster whose REST API is on the next free port from `rest` on; they end with it.
 * @param {{java?: string[]}} options flags of the virtual machine, in place of those for a quick start
 * @returns the gateway's process, its log file, `open` for a session, and what stops it
 */
export async function startGateway({ java = ['-XX:TieredStopAtLevel=1'] } = {}) {
  const classes = await flinkClasses();
  const folder = temporaryFolder(join(tmpdir(), 'acceptstream-flink-'));
  const [port, rest] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  writeSettings(folder.path, port, rest);
  const server = serverOf(folder.path, classes, { url, java });
  const stop = async () => {
    await server.kill();
    folder.remove();
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, rest, log: join(folder.path, 'flink.log'), open: () => Session.open(url), stop };
}
