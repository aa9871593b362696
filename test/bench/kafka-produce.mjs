// CPU time of a message from the producer's memory to the acknowledgement of the broker: ours and three others.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kafkaTool } from '../../pipelines/kafka-local/java.mjs';
import { createTopic, kafkaServers, storedRecords } from './kafka-servers.mjs';
import { recordBatches } from './kafka-values.mjs';
import { outputOf, outputPath } from './scratch.mjs';

const ROUNDS = 5;
const RECORDS = { acceptstream: 400_000, kafkajs: 150_000, java: 300_000, kcat: 300_000 };
const CLIENT = fileURLToPath(new URL('kafka-client.mjs', import.meta.url));
const PERFORMANCE = 'org.apache.kafka.tools.ProducerPerformance';
const ACKNOWLEDGED = ['acks=all', 'enable.idempotence=true'];
// Java's own are smaller and cost more: as large as ours, and as long to fill them.
const JAVA_BATCHES = ['batch.size=131072', 'linger.ms=10'];

const TIMES = 'TIMEFORMAT="%U %S %R"; time "$@"';

/** CPU time in µs and seconds of a program, from exec to exit. */
async function whole(argv) {
  const { stderr } = await outputOf(['bash', '-c', TIMES, 'bash', ...argv]);
  const [user, system, seconds] = stderr.trimEnd().split('\n').at(-1).split(' ').map(Number);
  return { cpu: (user + system) * 1e6, seconds };
}

/** The same less that of its start, which sends one record. */
async function behindStart(argvOf, records) {
  const start = await whole(await argvOf(1));
  const all = await whole(await argvOf(records + 1));
  return { cpu: all.cpu - start.cpu, seconds: all.seconds - start.seconds, sent: records + 2 };
}

async function inNode(name, topic, records) {
  const { brokers } = await kafkaServers();
  const { stdout } = await outputOf([process.execPath, CLIENT, name, brokers[0], topic, String(records)]);
  const { cpu, seconds, warmUp } = JSON.parse(stdout);
  return { cpu, seconds, sent: records + warmUp };
}

/** Keys and the mean size of values: those that the other two send. */
function sample() {
  const records = recordBatches(10).flat();
  const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
  return { keys: records.map(({ key }) => key), valueBytes: Math.round(bytes / records.length) };
}

async function java(topic, records) {
  const { brokers } = await kafkaServers();
  const size = ['--record-size', String(sample().valueBytes)];
  const argvOf = (count) => {
    const how = [
      '--bootstrap-server',
      brokers[0],
      '--topic',
      topic,
      '--throughput',
      '-1',
      '--num-records',
      String(count),
    ];
    return kafkaTool(PERFORMANCE, [...how, ...size, '--command-property', ...ACKNOWLEDGED, ...JAVA_BATCHES]);
  };
  return behindStart(argvOf, records);
}

/** A file of lines, key and value. */
function linesFile(count) {
  const { keys, valueBytes } = sample();
  const value = 'v'.repeat(valueBytes);
  const path = outputPath(`lines-${count}`);
  if (!existsSync(path)) {
    const lines = Array.from({ length: count }, (_, at) => `${keys[at % keys.length]}\t${value}\n`);
    writeFileSync(path, lines.join(''));
  }
  return path;
}

async function kcat(topic, records) {
  const { brokers } = await kafkaServers();
  const settings = [...ACKNOWLEDGED, 'partitioner=murmur2_random'].flatMap((setting) => ['-X', setting]);
  const how = ['-P', '-b', brokers[0], '-t', topic, '-K', '\t', '-H', 'content-type=application/avro', ...settings];
  return behindStart((count) => ['kcat', ...how, '-l', linesFile(count)], records);
}

const CLIENTS = {
  acceptstream: (...send) => inNode('acceptstream', ...send),
  kafkajs: (...send) => inNode('kafkajs', ...send),
  java,
  kcat,
};

const hasKcat = () => spawnSync('kcat', ['-V']).status === 0;

/** One round of a client; what it says to have sent must be in the topic. */
async function measure(name, round) {
  const topic = `${name}-${round}`;
  await createTopic(topic);
  const records = RECORDS[name];
  const { cpu, seconds, sent } = await CLIENTS[name](topic, records);
  const stored = await storedRecords(topic);
  if (stored !== sent) throw new Error(`${name} sent ${sent} records, the topic holds ${stored}`);
  return { cpu: cpu / records, pace: records / seconds };
}

const LABELS = {
  acceptstream: 'acceptstream, from kernel events',
  kafkajs: 'plain kafkajs',
  java: "Java's ProducerPerformance",
  kcat: 'kcat (librdkafka)',
};

function measuresOf(rounds) {
  const names = Object.keys(rounds);
  const share = rounds.acceptstream.map(({ cpu }, round) => (100 * cpu) / rounds.kafkajs[round].cpu);
  const perMessage = names.map((name) => ({
    name: `CPU, ${LABELS[name]}`,
    unit: 'µs per message',
    values: rounds[name].map(({ cpu }) => cpu),
    ...(name === 'acceptstream' && { atMost: { must: 5, goal: 2.5 } }),
  }));
  const paces = names.map((name) => ({
    name: `pace, ${LABELS[name]}`,
    unit: 'messages/s',
    values: rounds[name].map(({ pace }) => pace),
  }));
  return [
    ...perMessage,
    { name: 'CPU of ours, in that of plain kafkajs', unit: '%', values: share, atMost: { must: 50 } },
    ...paces,
  ];
}

export async function benchProduce(progress) {
  const names = Object.keys(CLIENTS).filter((name) => name !== 'kcat' || hasKcat());
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const name of names) {
      progress(`${name}, round ${round} of ${ROUNDS}`);
      rounds[name].push(await measure(name, round));
    }
  }
  const skipped = 'kcat is not installed: apt-get install kcat';
  return [...measuresOf(rounds), ...(hasKcat() ? [] : [{ name: LABELS.kcat, skipped }])];
}
