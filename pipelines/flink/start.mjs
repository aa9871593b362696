// npm run flink [-- [--rows N] [JOB]]: Kafka, a registry, Flink and a job on this host's accepts; its rows on stdout.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { flinkClasses, missingPrograms } from '../kafka-local/java.mjs';
import { startCapture } from './capture.mjs';
import { outputOf, sqlOf, startLocal } from './local.mjs';
import { follow, openShipper } from './topics.mjs';
import { request, startServer } from './traffic.mjs';

const JOBS = readdirSync(new URL('jobs/', import.meta.url)).map((name) => name.replace('.sql', ''));
const PAUSE_MS = 100;

const say = (text) => process.stderr.write(`${text}\n`);

class UsageError extends Error {}

function readArguments() {
  const options = { rows: { type: 'string', default: 'Infinity' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [job = 'http-accepts', ...more] = positionals;
  const rows = Number(values.rows);
  if (!(rows > 0)) throw new UsageError(`--rows takes a number from 1 on, not ${values.rows}`);
  if (!JOBS.includes(job) || more.length > 0) throw new UsageError(`takes one job of ${JOBS.join(', ')}`);
  return { job, rows };
}

const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
  process.stdout.once('error', resolve);
});

/** Prints rows until there are `rows`, and keeps how long each took from the accept to here, in ms. */
class Rows {
  latencies = [];
  #rows;
  #done;

  constructor(rows) {
    this.#rows = rows;
    this.all = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  print(text) {
    if (this.latencies.length >= this.#rows) return;
    const { event_time: time } = JSON.parse(text);
    this.latencies.push(Date.now() - time / 1000);
    process.stdout.write(`${text}\n`);
    if (this.latencies.length === this.#rows) this.#done();
  }

  get summary() {
    const sorted = this.latencies.filter((ms) => ms >= 0).sort((one, other) => one - other);
    const at = (share) => `${sorted[Math.ceil(sorted.length * share) - 1].toFixed(0)} ms`;
    const times = sorted.length > 0 ? `, from accept to row p50 ${at(0.5)}, p99 ${at(0.99)}` : '';
    return `${this.latencies.length} rows${times}`;
  }
}

function guide({ kafka, registry }, job) {
  const brokers = kafka.brokers.join();
  return `
Kafka       ${brokers}
registry    ${registry.url}
job         pipelines/flink/jobs/${job}.sql, rows from topic ${outputOf(job)}

An HTTP server answers requests of its own on loopback and ships its access log; every accept of this host is captured.
Ctrl-C ends all of it and removes its data.
`;
}

async function makeTraffic(brokers, signal) {
  const shipper = await openShipper(brokers, 'http-access');
  const server = await startServer((line) => shipper.add(line));
  for (let number = 1; !signal.aborted; number++) {
    await request(`${server.url}/${number}`);
    await sleep(PAUSE_MS);
  }
  server.close();
}

async function work(local, { job, rows }) {
  const printed = new Rows(rows);
  await follow(local.kafka.brokers, outputOf(job), (text) => printed.print(text));
  const session = await local.session();
  await session.runAll(sqlOf(`jobs/${job}.sql`));
  const stopCapture = await startCapture(local);
  say(guide(local, job));
  const traffic = new AbortController();
  const making = makeTraffic(local.kafka.brokers, traffic.signal);
  try {
    await Promise.race([printed.all, stopped, making]);
  } finally {
    traffic.abort();
    await stopCapture();
  }
  say(printed.summary);
}

async function main() {
  const options = readArguments();
  const missing = missingPrograms('Flink');
  if (missing) throw new Error(missing);
  say('starting Kafka, a schema registry and Flink (the first time, Maven fetches 320 MB)');
  const local = await Promise.race([flinkClasses(say).then(() => startLocal()), stopped]);
  // What has been started by now goes with this process.
  if (!local?.stop) process.exit(0);
  try {
    await work(local, options);
  } finally {
    await local.stop();
  }
}

main().then(
  // Clients of the broker would go on looking for it.
  () => process.exit(0),
  (error) => {
    say(error.message);
    process.exit(error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1);
  },
);
