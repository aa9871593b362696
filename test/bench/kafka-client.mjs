// A producer in a process of its own: node kafka-client.mjs acceptstream|kafkajs BROKER TOPIC RECORDS
//   [EVENTS_OF_A_BATCH COMPRESSION KEY]; one line of JSON. The last three are ours alone.
import { loadCore } from '../../dist/filter-core/index.js';
import { encodeEvents } from '../../dist/native/index.js';
import { openKafkaSink } from '../../dist/source-plugin/kafka/sink.js';
import { runPipeline } from '../../dist/source-plugin/pipeline.js';
import { Outlets } from '../../dist/source-plugin/run/outlets.js';
import { IDENTITY, makeBatches } from './events.mjs';
import { plainProducer } from './kafka-servers.mjs';
import { BATCH_EVENTS, recordBatches } from './kafka-values.mjs';

const BATCHES = 50;
const ACKS_ALL = -1;

/** Kernel events in place of the ring's: `records` of them, the batches over and over. */
function sourceOf(batches, records, batchEvents) {
  let left = records / batchEvents;
  const read = (target) => {
    if (left === 0) return { bytes: 0, records: 0, position: 0, next: 'never' };
    left -= 1;
    const bytes = encodeEvents(batches[left % batches.length], IDENTITY, target);
    return { bytes, records: batchEvents, position: 0, next: 'now' };
  };
  return { read, position: () => 0, commit() {}, seek() {}, detach() {}, close() {} };
}

/** What `acceptstream run` does behind the ring. */
async function acceptstream(broker, topic, { batchEvents, compression, key }) {
  const config = { brokers: [broker], client_id: 'bench', topic, compression };
  const { partitions, sink } = await openKafkaSink(config, {
    onWait: (message) => process.stderr.write(`${message}\n`),
  });
  const kafka = { partitions, key, encoding: 'avro', schemaId: 1 };
  const outlet = { name: 'kafka', required: true, core: await loadCore({ format: 'kafka', kafka }), sink, lingerMs: 0 };
  const outlets = new Outlets(() => {});
  await outlets.replace([outlet]);
  const core = await loadCore({ format: 'avro' });
  const batches = makeBatches(BATCHES * batchEvents, batchEvents);
  const { signal } = new AbortController();
  return {
    produce: (records) => runPipeline({ source: sourceOf(batches, records, batchEvents), core, sink: outlets, signal }),
    close: () => outlets.close(),
  };
}

const HEADERS = { 'content-type': 'application/avro' };

/** The same records through kafkajs as its documentation has it: an object per record. */
async function kafkajs(broker, topic) {
  const producer = plainProducer([broker]);
  await producer.connect();
  const batches = recordBatches(BATCHES);
  const produce = async (records) => {
    for (let left = records / BATCH_EVENTS; left > 0; left -= 1) {
      const messages = batches[left % BATCHES].map(({ key, value, timestamp }) => {
        return { key, value, headers: HEADERS, timestamp: String(Math.floor(timestamp / 1000)) };
      });
      await producer.send({ topic, acks: ACKS_ALL, messages });
    }
  };
  return { produce, close: () => producer.disconnect() };
}

const [name, broker, topic, records, ...more] = process.argv.slice(2);
const [batchEvents = BATCH_EVENTS, compression = 'none', key = 'remote_address'] = more;
const options = { batchEvents: Number(batchEvents), compression, key };
const { produce, close } = await { acceptstream, kafkajs }[name](broker, topic, options);
// The compiler's work is not the producer's.
const warmUp = BATCHES * options.batchEvents;
await produce(warmUp);
const start = performance.now();
const before = process.cpuUsage();
await produce(Number(records));
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - start) / 1000;
await close();
process.stdout.write(`${JSON.stringify({ cpu: user + system, seconds, warmUp })}\n`);
