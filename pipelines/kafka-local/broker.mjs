import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from './certificates.mjs';
import { temporaryFolder } from './folder.mjs';
import { kafkaClasses, QUICK_START } from './java.mjs';
import { freePorts } from './ports.mjs';
import { addressOf, nodeProperties, OTHER_LISTENERS, USER } from './properties.mjs';
import { Server } from './server.mjs';
import { servingBrokers } from './wire.mjs';

const runs = promisify(execFile);
const LOG_LEVEL = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

function scramUsers() {
  const { username, password } = USER;
  return SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);
}

async function planNodes({ brokers: count, port, security }, folder) {
  const names = ['plaintext', ...(security ? Object.keys(OTHER_LISTENERS) : [])];
  const ports = await freePorts(count * (names.length + 1));
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    data: join(folder, `data-${index + 1}`),
    file: join(folder, `node-${index + 1}.properties`),
    log: join(folder, `node-${index + 1}.log`),
    controller: ports.pop(),
    ports: Object.fromEntries(names.map((name) => [name, (name === 'plaintext' && port) || ports.pop()])),
  }));
}

function serverOf(node, classes) {
  return new Server({
    name: `broker ${node.id}`,
    argv: [...QUICK_START, LOG_LEVEL, '-cp', classes, 'kafka.Kafka', node.file],
    log: node.log,
    ready: async () => (await servingBrokers(node.ports.plaintext)).includes(node.id),
  });
}

async function format(nodes, classes, security) {
  // A cluster id is 16 bytes in base64url; one that starts with a dash would be read as an option.
  const cluster = `A${randomBytes(16).toString('base64url').slice(1)}`;
  const tool = [...QUICK_START, LOG_LEVEL, '-cp', classes, 'kafka.tools.StorageTool', 'format', '-t', cluster];
  const users = security ? scramUsers() : [];
  await Promise.all(nodes.map((node) => runs('java', [...tool, '-c', node.file, ...users])));
}

/** @returns {Record<'plaintext' | keyof typeof OTHER_LISTENERS, string[]>} host:port of each node */
function addresses(nodes) {
  const names = Object.keys(nodes[0].ports);
  return Object.fromEntries(names.map((name) => [name, nodes.map((node) => addressOf(node, name))]));
}

/**
 * Starts Apache Kafka on 127.0.0.1, its data in a temporary folder, and waits until every broker serves.
 * @param {{brokers?: number, port?: number, security?: boolean, properties?: object}} options
 * `port` is that of a single broker's plaintext listener, else all are free ones; `security` adds the listeners of
 * OTHER_LISTENERS and an authorizer; `properties` go into each broker's configuration.
 * @returns the addresses of each listener, the folder of makeCertificates, and the nodes to kill, pause, restart
 */
export async function startKafka({ brokers = 1, port = 0, security = false, properties = {} } = {}) {
  const classes = await kafkaClasses();
  const folder = temporaryFolder(join(tmpdir(), 'acceptstream-kafka-'));
  const nodes = await planNodes({ brokers, port, security }, folder.path);
  const servers = nodes.map((node) => serverOf(node, classes));
  const stop = async () => {
    await Promise.all(servers.map((server) => server.kill()));
    folder.remove();
  };
  try {
    if (security) await makeCertificates(folder.path);
    const cluster = { nodes, security, folder: folder.path, properties };
    for (const node of nodes) writeFileSync(node.file, nodeProperties(node, cluster));
    await format(nodes, classes, security);
    await Promise.all(servers.map((server) => server.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  const listeners = addresses(nodes);
  return {
    brokers: listeners.plaintext,
    listeners,
    user: USER,
    certificates: folder.path,
    nodes: servers,
    stop,
  };
}
