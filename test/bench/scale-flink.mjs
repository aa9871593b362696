// What the jobs of pipelines/flink cost: CPU time of an accept, and the bytes of what they keep.
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { outputOf, sqlOf, startLocal } from '../../pipelines/flink/local.mjs';
import { createTopic } from '../../pipelines/kafka-local/wire.mjs';
import { plainClient } from './kafka-servers.mjs';
import { cpuOf } from './scale-kafka.mjs';
import { fillTopics, PARTITIONS, registerSchema } from './scale-records.mjs';
import { storedPath } from './scratch.mjs';

const ROUNDS = 2;
/** Accepts whose CPU time is taken: 1000 in a second of event time. */
const PASSED = { suffix: '', count: 60_000, gapUs: 1000 };
/** Accepts that are kept at once: so near to each other that no state is over. */
const HELD = { suffix: '-held', count: 20_000, gapUs: 200 };
const HELD_TOPICS = ['accepts', 'http-access', 'suricata-eve'].map((name) => `${name}${HELD.suffix}`);
const DEADLINE_MS = 180_000;
const POLL_MS = 300;
/** Jobs have their REST API on one of so many ports. */
const REST_PORTS = 10;
// As on a cluster: all of its compilers, and room for what a job keeps.
const JAVA = ['-Xmx2g'];

const distinct = (accepts, keyOf) => new Set(accepts.map(keyOf)).size;
const listenerOf = ({ host, local_port, exe }) => `${host} ${local_port} ${exe}`;
const queueOf = ({ host, netns, local_port }) => `${host} ${netns} ${local_port}`;

/** As jobs/new-networks.sql: the /24, or the /64, which is the same for all addresses of the data set with a ::. */
function networkOf({ host, ip_version: version, remote_address: address }) {
  if (version === 4) return `${host} ${address.replace(/\.\d+$/, '')}`;
  return `${host} ${address.includes('::') ? '2001:db8::' : address.split(':').slice(0, 4).join(':')}`;
}

const each = (accepts) => accepts.length;

/** Jobs with the table beside accepts that they read, how much they keep of what, and how many rows they give. */
const JOBS = [
  { job: 'http-accepts', beside: 'http_requests', what: 'accept with its request', kept: each, rows: each },
  { job: 'flow-accepts', beside: 'flows', what: 'accept', kept: each, rows: each },
  { job: 'new-listeners', what: 'listener', kept: (all) => distinct(all, listenerOf) },
  { job: 'new-networks', what: 'network of a host', kept: (all) => distinct(all, networkOf) },
  { job: 'port-scans', what: 'peer', kept: (all) => distinct(all, ({ remote_address: peer }) => peer), rows: () => 0 },
  { job: 'backlog-pressure', what: 'listener', kept: (all) => distinct(all, queueOf), rows: () => 0 },
];

const TOPICS = { accepts: 'accepts', http_requests: 'http-access', flows: 'suricata-eve' };
const tablesOf = ({ beside }) => (beside ? ['accepts', beside] : ['accepts']);

const setTables = (tables, optionsOf) =>
  tables
    .map((table) => Object.entries(optionsOf(table)).map(([name, value]) => `'${name}' = '${value}'`))
    .map((options, at) => `ALTER TABLE ${tables[at]} SET (${options.join(', ')});`)
    .join('\n');

async function until(what, ready) {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const value = await ready();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await sleep(POLL_MS);
  }
}

const highest = (partitions) => partitions.reduce((sum, { high }) => sum + Number(high), 0);

// A partition that waits for a busy machine is not an idle one: what the others told meanwhile would make it late.
const NO_IDLENESS = "SET 'table.exec.source.idle-timeout' = '0 s';";

/** CPU time of the job on what is in its topics now, µs, or on nothing. */
async function cpuOfRun({ local, session }, kind, startup) {
  await session.runAll(setTables(tablesOf(kind), () => ({ 'scan.startup.mode': startup })));
  const before = cpuOf(local.flink.server.pid);
  await session.runAll(sqlOf(`jobs/${kind.job}.sql`));
  return cpuOf(local.flink.server.pid) - before;
}

// On a busy machine the broker may have to find itself again.
async function rowsIn(admin, topic) {
  const look = async () => ({ rows: highest(await admin.fetchTopicOffsets(topic)) });
  return (await until(`the end of ${topic}`, () => look().catch(() => undefined))).rows;
}

/** The same with a look at what it writes. */
async function cpuOfAll(world, kind, accepts) {
  const rows = () => rowsIn(world.admin, outputOf(kind.job));
  const before = await rows();
  const cpu = await cpuOfRun(world, kind, 'earliest-offset');
  const [written, expected] = [(await rows()) - before, (kind.rows ?? kind.kept)(accepts)];
  if (written !== expected) throw new Error(`${kind.job} wrote ${written} rows, not ${expected}`);
  return cpu;
}

async function benchCpu(local, kind, { accepts, admin, progress }) {
  const world = { local, admin, session: await local.session() };
  // Its jobs end when they have read all.
  await world.session.runAll(`${NO_IDLENESS} SET 'table.dml-sync' = 'true';`);
  await world.session.runAll(setTables(tablesOf(kind), () => ({ 'scan.bounded.mode': 'latest-offset' })));
  const values = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    progress(`${kind.job}, round ${round} of ${ROUNDS}`);
    const all = await cpuOfAll(world, kind, accepts);
    const start = await cpuOfRun(world, kind, 'latest-offset');
    // The first is the compiler's.
    if (round > 0) values.push((all - start) / PASSED.count);
  }
  return { name: `CPU, ${kind.job}`, unit: 'µs per accept', values };
}

const ask = async (url, options) => (await fetch(url, options)).json();

/** URL of the job that runs. */
async function runningJob({ rest }) {
  for (let port = rest; port < rest + REST_PORTS; port += 1) {
    const url = `http://127.0.0.1:${port}/jobs`;
    const { jobs } = await ask(url).catch(() => ({ jobs: [] }));
    const running = jobs.find(({ status }) => status === 'RUNNING');
    if (running) return `${url}/${running.id}`;
  }
  return undefined;
}

async function lastCheckpoint(job) {
  const { latest } = await ask(`${job}/checkpoints`);
  return latest.completed ?? { id: 0 };
}

/** Whether a checkpoint has everything: only then its offsets are told to Kafka. */
async function hasRead(admin, groupId, tables) {
  const topics = tables.map((table) => `${TOPICS[table]}${HELD.suffix}`);
  // Nobody keeps a group's offsets before the first of them.
  const offsets = await admin.fetchOffsets({ groupId, topics }).catch(() => []);
  const read = offsets.flatMap(({ partitions }) => partitions);
  return read.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) === HELD.count * topics.length;
}

async function benchState(local, kind, { held, admin, progress }) {
  progress(`${kind.job}, state`);
  const session = await local.session();
  await session.runAll(`${NO_IDLENESS}
    SET 'execution.checkpointing.interval' = '1 s';
    SET 'execution.checkpointing.storage' = 'filesystem';
    SET 'execution.checkpointing.dir' = '${pathToFileURL(storedPath('checkpoints'))}';`);
  const groupId = `state-${kind.job}`;
  const optionsOf = (table) => ({ topic: `${TOPICS[table]}${HELD.suffix}`, 'properties.group.id': groupId });
  await session.runAll(setTables(tablesOf(kind), optionsOf));
  await session.runAll(sqlOf(`jobs/${kind.job}.sql`));
  const job = await until(`${kind.job} runs`, () => runningJob(local.flink));
  await until(`${kind.job} reads`, () => hasRead(admin, groupId, tablesOf(kind)));
  const { id } = await lastCheckpoint(job);
  const next = async () => {
    const checkpoint = await lastCheckpoint(job);
    return checkpoint.id > id && checkpoint;
  };
  const { state_size: bytes } = await until(`a checkpoint of ${kind.job}`, next);
  await fetch(job, { method: 'PATCH' });
  await until(`the end of ${kind.job}`, async () => !(await runningJob(local.flink)));
  return { name: `state, ${kind.job}`, unit: `bytes per ${kind.what}`, values: [bytes / kind.kept(held)] };
}

async function prepare(local) {
  const { brokers } = local.kafka;
  const schemaId = await registerSchema(local.registry.url);
  for (const topic of HELD_TOPICS) await createTopic(Number(brokers[0].split(':')[1]), topic, PARTITIONS);
  const accepts = await fillTopics({ brokers, schemaId, ...PASSED });
  return { accepts, held: await fillTopics({ brokers, schemaId, ...HELD }) };
}

export async function benchScaleFlink(progress) {
  progress('starting Kafka, a registry and Flink');
  const local = await startLocal({ java: JAVA });
  const admin = plainClient(local.kafka.brokers).admin();
  try {
    await admin.connect();
    const world = { ...(await prepare(local)), admin, progress };
    const [cpu, state] = [[], []];
    for (const kind of JOBS) cpu.push(await benchCpu(local, kind, world));
    for (const kind of JOBS) state.push(await benchState(local, kind, world));
    return [...cpu, ...state];
  } finally {
    await admin.disconnect();
    await local.stop();
  }
}
