import { startKafka } from './broker.mjs';
import { missingPrograms } from './java.mjs';
import { isFree } from './ports.mjs';
import { startRegistry } from './registry.mjs';
import { createTopic } from './wire.mjs';

const KAFKA_PORT = 9092;
const REGISTRY_PORT = 8081;
const TOPIC = 'accepts';
const PARTITIONS = 3;

const say = (text) => process.stderr.write(`${text}\n`);

async function mustBeFree(port) {
  if (!(await isFree(port))) throw new Error(`port ${port} of 127.0.0.1 is taken: stop the program that uses it`);
}

// Confluent's registry starts with this level, Apicurio with NONE.
async function checkCompatibility(url) {
  const answer = await fetch(`${url}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' }),
  });
  if (!answer.ok) throw new Error(`the registry refused its configuration: ${answer.status} ${await answer.text()}`);
}

function guide(brokers, url) {
  return `
Kafka       ${brokers}, topic ${TOPIC} (${PARTITIONS} partitions)
registry    ${url}

In another terminal:
  npm start -- run pipelines/kafka.yaml
  npm start -- read --kafka ${brokers} --topic ${TOPIC} --registry ${url}
  kcat -C -b ${brokers} -t ${TOPIC} -e -f '%p %o %k %S bytes %h %T\\n'
  curl ${url}/subjects/${TOPIC}-value/versions/latest

Ctrl-C ends both and removes their data.
`;
}

const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
});

async function startBoth() {
  say('starting Kafka and a schema registry (the first time, Maven fetches 150 MB)');
  const [kafka, registry] = await Promise.all([startKafka({ port: KAFKA_PORT }), startRegistry(REGISTRY_PORT)]);
  await Promise.all([createTopic(KAFKA_PORT, TOPIC, PARTITIONS), checkCompatibility(registry.url)]);
  return [kafka, registry];
}

async function main() {
  const missing = missingPrograms();
  if (missing) throw new Error(missing);
  await mustBeFree(KAFKA_PORT);
  await mustBeFree(REGISTRY_PORT);
  const both = await Promise.race([startBoth(), stopped]);
  // What has been started by now goes with this process.
  if (!both) process.exit(0);
  const [kafka, registry] = both;
  say(guide(kafka.brokers.join(','), registry.url));
  const ended = Promise.race([...kafka.nodes, registry.server].map((server) => server.ended)).then(() => true);
  const failed = await Promise.race([stopped, ended]);
  await Promise.all(both.map((server) => server.stop()));
  if (failed) throw new Error('the broker or the registry has ended by itself');
}

main().catch((error) => {
  say(error.message);
  process.exit(1);
});
