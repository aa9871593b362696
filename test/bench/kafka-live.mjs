// Accepts of this host to Kafka, by the configuration that the README shows: their cost and delay, and the cost of none.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from './agent.mjs';
import { costRounds } from './cost.mjs';
import { kafkaServers, plainClient } from './kafka-servers.mjs';
import { type } from './records.mjs';
import { restOf } from './rest.mjs';
import { outputPath } from './scratch.mjs';

const RATE = 5_000;
const AT_REST_MS = 500;
const FRAME_BYTES = 5;
const PIPELINE = new URL('../../pipelines/kafka.yaml', import.meta.url);
const READY = /^acceptstream: kafka: avro to topic .*\n/m;
/** What it may say beside. A broker may answer for a topic that it has just made before it leads it. */
const NOTICES =
  /^acceptstream: (source: live|filter: ports 1$|kafka: (avro to topic|the broker answers NOT_LEADER|went on after)).*\n/gm;

/** Replaces what must be there. */
function replaced(text, [from, to]) {
  if (!text.includes(from)) throw new Error(`pipelines/kafka.yaml has no ${from}`);
  return text.replace(from, to);
}

/** Starts the program with pipelines/kafka.yaml, but for the addresses and the topic, and with more at its end. */
async function startPipeline(topic, more = '') {
  const { brokers, registry } = await kafkaServers();
  const others = [
    ['127.0.0.1:9092', brokers[0]],
    ['http://127.0.0.1:8081/apis/ccompat/v7', registry],
    ['topic: accepts', `topic: ${topic}`],
  ];
  const file = outputPath(`${topic}.yaml`);
  writeFileSync(file, `${others.reduce(replaced, readFileSync(PIPELINE, 'utf8'))}${more}`);
  return Agent.start(['run', file], ({ stderr }) => READY.test(stderr));
}

/** Reads a topic as it grows, with kafkajs and avsc; knows how late each record came. */
class TopicReader {
  #consumer;
  /** Milliseconds from accept to reader by the number of the record, by accepting process. */
  #delays = new Map();
  #read = 0;

  static async open(topic) {
    const { brokers } = await kafkaServers();
    const reader = new TopicReader();
    const consumer = plainClient(brokers).consumer({ groupId: topic });
    reader.#consumer = consumer;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ eachBatchAutoResolve: true, eachBatch: async ({ batch }) => reader.#take(batch.messages) });
    await joined;
    return reader;
  }

  #take(messages) {
    const now = Date.now();
    for (const { value } of messages) {
      const { event_time, pid, cpu, sequence } = type.fromBuffer(value.subarray(FRAME_BYTES));
      const delays = this.#delays.get(pid) ?? new Map();
      this.#delays.set(pid, delays);
      const number = `${cpu} ${sequence}`;
      if (delays.has(number)) throw new Error(`record ${number} came twice`);
      delays.set(number, now - event_time / 1000);
    }
    this.#read += messages.length;
  }

  /** Waits until no more records come. */
  async atRest() {
    let read = -1;
    while (read !== this.#read) {
      read = this.#read;
      await sleep(AT_REST_MS);
    }
  }

  /** Different records of one accepting process. */
  rowsOf(pid) {
    return this.#delays.get(pid)?.size ?? 0;
  }

  /** The delay (ms) that a share of its records does not exceed. */
  delayOf(pid, share) {
    const sorted = [...(this.#delays.get(pid)?.values() ?? [])].sort((a, b) => a - b);
    return sorted[Math.ceil(share * sorted.length) - 1];
  }

  close() {
    return this.#consumer.disconnect();
  }
}

export async function benchStream(progress) {
  const start = async () => {
    const agent = await startPipeline('stream');
    return { agent, rows: await TopicReader.open('stream') };
  };
  const { agent, rows, rounds } = await costRounds(start, RATE, progress);
  await agent.stop(NOTICES);
  await rows.close();
  const unit = 'µs per accept';
  const delays = (share) => rounds.map(({ pid }) => rows.delayOf(pid, share));
  return [
    { name: 'agent and programs', unit, values: rounds.map((one) => one.agent + one.programs) },
    { name: 'agent', unit, values: rounds.map((one) => one.agent) },
    { name: 'programs', unit, values: rounds.map((one) => one.programs) },
    { name: 'lost', unit: 'accepts', values: rounds.map((one) => one.lost), atMost: { must: 0 } },
    { name: 'pace', unit: 'accepts/s', values: rounds.map((one) => one.perSecond) },
    { name: 'accept to readable, p50', unit: 'ms', values: delays(0.5) },
    { name: 'accept to readable, p99', unit: 'ms', values: delays(0.99) },
  ];
}

// A port that nobody listens on: what the host accepts meanwhile does not wake the agent.
const NOTHING = 'filter: { ports: [1] }\n';

export async function benchConnected(progress) {
  const agent = await startPipeline('idle', NOTHING);
  const values = await restOf(agent, progress);
  await agent.stop(NOTICES);
  return [{ name: 'idle, connected', unit: '% of a core', values, atMost: { must: 0.5 } }];
}
