// What a record weighs in Kafka, and what it costs to send and to store, by the size of batches and by compression.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kafkaTool } from '../../pipelines/kafka-local/java.mjs';
import { createTopic, kafkaServers, storedRecords } from './kafka-servers.mjs';
import { outputOf } from './scratch.mjs';

const ROUNDS = 3;
const CLIENT = fileURLToPath(new URL('kafka-client.mjs', import.meta.url));
const LOG_DIRS = 'org.apache.kafka.tools.LogDirsCommand';
const TICK_US = 10_000;
/** Records of a batch, and how many are sent. */
const BATCHES = [
  { batch: 1, records: 4000 },
  { batch: 20, records: 60_000 },
  { batch: 100, records: 200_000 },
  { batch: 400, records: 200_000 },
];
const COMPRESSIONS = ['none', 'gzip', 'zstd'];

/** CPU time of a process so far, µs: fields 14 and 15 of proc(5), behind a name that may hold anything. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Bytes of a topic on the broker's disk, without its indexes. */
async function storedBytes(topic) {
  const { brokers } = await kafkaServers();
  const args = ['--describe', '--bootstrap-server', brokers[0], '--topic-list', topic];
  const { stdout } = await outputOf(await kafkaTool(LOG_DIRS, args));
  const { brokers: described } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')));
  return described[0].logDirs[0].partitions.reduce((sum, { size }) => sum + size, 0);
}

async function measure({ batch, records }, compression, round) {
  const topic = `scale-${compression}-${batch}-${round}`;
  await createTopic(topic, 1);
  const { brokers, brokerPid } = await kafkaServers();
  const before = cpuOf(brokerPid);
  const argv = [process.execPath, CLIENT, 'acceptstream', brokers[0], topic, records, batch, compression, 'host'];
  const { cpu, warmUp } = JSON.parse((await outputOf(argv.map(String))).stdout);
  const broker = (cpuOf(brokerPid) - before) / (records + warmUp);
  const stored = await storedRecords(topic);
  if (stored !== records + warmUp) throw new Error(`${records + warmUp} records were sent, ${topic} holds ${stored}`);
  return { bytes: round === 1 ? (await storedBytes(topic)) / stored : undefined, cpu: cpu / records, broker };
}

const MEASURES = [
  { key: 'bytes', what: 'size', unit: 'bytes per record' },
  { key: 'cpu', what: 'CPU of acceptstream', unit: 'µs per record' },
  { key: 'broker', what: 'CPU of the broker', unit: 'µs per record' },
];

async function measureKind(kind, compression, progress) {
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`${compression}, batches of ${kind.batch}, round ${round} of ${ROUNDS}`);
    rounds.push(await measure(kind, compression, round));
  }
  const name = `${compression}, batches of ${kind.batch}`;
  return MEASURES.map(({ key, what, unit }) => ({
    name: `${what}, ${name}`,
    unit,
    // The same batches have the same size.
    values: rounds.map((one) => one[key]).filter((value) => value !== undefined),
  }));
}

export async function benchScaleKafka(progress) {
  const measures = [];
  for (const compression of COMPRESSIONS)
    for (const kind of BATCHES) measures.push(...(await measureKind(kind, compression, progress)));
  const order = (measure) => MEASURES.findIndex(({ what }) => measure.name.startsWith(`${what}, `));
  return measures.toSorted((one, other) => order(one) - order(other));
}
