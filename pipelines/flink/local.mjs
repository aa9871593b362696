import { readFileSync } from 'node:fs';
import { startKafka } from '../kafka-local/broker.mjs';
import { startRegistry } from '../kafka-local/registry.mjs';
import { createTopic } from '../kafka-local/wire.mjs';
import { startGateway } from './gateway.mjs';
import { statementsOf } from './statements.mjs';

const PARTITIONS = 3;

/** Text of an .sql file in this folder. */
export const sqlOf = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** @returns {string[]} the topics of tables.sql */
export function topicsOf(text) {
  return statementsOf(text).flatMap((statement) => /'topic' = '([^']+)'/.exec(statement)?.[1] ?? []);
}

/** @returns {string} the topic that a job writes to */
export function outputOf(job) {
  const table = /^INSERT INTO (\w+)/m.exec(sqlOf(`jobs/${job}.sql`))?.[1];
  return topicsOf(statementsOf(sqlOf('tables.sql')).find((text) => text.startsWith(`CREATE TABLE ${table} `)))[0];
}

// All topics are read from their begin: what is in them before a job has started belongs to it too.
function addresses(kafka, registry) {
  const brokers = kafka.brokers.join();
  return `
ALTER TABLE kafka SET ('properties.bootstrap.servers' = '${brokers}', 'scan.startup.mode' = 'earliest-offset');
ALTER TABLE registered SET ('properties.bootstrap.servers' = '${brokers}', 'scan.startup.mode' = 'earliest-offset',
  'avro-confluent.url' = '${registry.url}');`;
}

async function startAll(options) {
  const starting = [startKafka(), startRegistry(), startGateway(options)];
  const started = await Promise.allSettled(starting);
  const failed = started.find(({ status }) => status === 'rejected');
  if (!failed) return started.map(({ value }) => value);
  await Promise.all(started.map(({ value }) => value?.stop()));
  throw failed.reason;
}

/**
 * Starts a broker with all topics of tables.sql, a registry and Flink, on free ports of 127.0.0.1.
 * @param {{java?: string[]}} options as of startGateway
 * @returns them, `session` for one in which all tables are, and what stops all
 */
export async function startLocal(options = {}) {
  const [kafka, registry, flink] = await startAll(options);
  const stop = () => Promise.all([kafka, registry, flink].map((server) => server.stop()));
  const session = async () => {
    const opened = await flink.open();
    await opened.runAll(sqlOf('cluster.sql'));
    await opened.runAll(addresses(kafka, registry));
    await opened.runAll(sqlOf('tables.sql'));
    return opened;
  };
  try {
    const port = Number(kafka.brokers[0].split(':')[1]);
    for (const topic of topicsOf(sqlOf('tables.sql'))) await createTopic(port, topic, PARTITIONS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kafka, registry, flink, session, stop };
}
