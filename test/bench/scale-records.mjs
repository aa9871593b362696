// Accepts of many hosts, each with a line of an access log and a flow of Suricata, into topics for Flink.
import { plainProducer } from './kafka-servers.mjs';
import { record, sequenceFrom, type } from './records.mjs';

const HOSTS = 100;
export const PARTITIONS = 3;
const SEND = 3000;
const FIRST_PORT = 1024;
const PORTS = 60_000;
/** From accept to the end of its request and of its flow. */
const ANSWER_US = 20_000;

/** @returns an accept of the data set as of one of many hosts; no two have the same ends */
function acceptOf(next, index, gapUs) {
  const accept = record(next, index);
  const host = index % HOSTS;
  return {
    ...accept,
    event_time: accept.event_time - (accept.event_time % 1_000_000) + index * gapUs,
    host: `edge-${host}.fra.example`,
    host_id: host.toString(16).padStart(32, '0f3b9c2d4e5a60718293a4b5c6d7e8f9'),
    remote_port: FIRST_PORT + (index % PORTS),
  };
}

function requestOf(accept, index) {
  return {
    msec: Math.round((accept.event_time + ANSWER_US) / 1000) / 1000,
    remote_addr: accept.remote_address,
    remote_port: accept.remote_port,
    server_addr: accept.local_address,
    server_port: accept.local_port,
    request_method: 'GET',
    request_uri: `/${index}`,
    status: 200,
    request_time: 0.02,
  };
}

function flowOf(accept) {
  const timestamp = new Date((accept.event_time + ANSWER_US) / 1000).toISOString().replace('Z', '000+0000');
  return {
    timestamp,
    event_type: 'flow',
    src_ip: accept.remote_address,
    src_port: accept.remote_port,
    dest_ip: accept.local_address,
    dest_port: accept.local_port,
    proto: 'TCP',
    app_proto: 'http',
    community_id: accept.community_id,
    flow: { pkts_toserver: 5, pkts_toclient: 4, bytes_toserver: 700, bytes_toclient: 900, state: 'closed' },
  };
}

const framed = (accept, schemaId) => {
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(schemaId, 1);
  return Buffer.concat([frame, type.toBuffer(accept)]);
};

/** @returns {Promise<number>} the id of our schema in the registry, under which Flink looks for it */
export async function registerSchema(registry) {
  const response = await fetch(`${registry}/subjects/accepts-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(type.schema({ exportAttrs: true })) }),
  });
  return (await response.json()).id;
}

/**
 * Writes `count` accepts, `gapUs` apart, and what belongs to them.
 * @param {{brokers: string[], schemaId: number, count: number, gapUs: number, suffix: string}} options
 * @returns the accepts, of which as many as there are have been written
 */
export async function fillTopics({ brokers, schemaId, count, gapUs, suffix }) {
  const next = sequenceFrom(7);
  const accepts = Array.from({ length: count }, (_, index) => acceptOf(next, index, gapUs));
  const producer = plainProducer(brokers);
  await producer.connect();
  const values = {
    accepts: (accept) => framed(accept, schemaId),
    'http-access': (accept, index) => JSON.stringify(requestOf(accept, index)),
    'suricata-eve': (accept) => JSON.stringify(flowOf(accept)),
  };
  for (const [topic, textOf] of Object.entries(values))
    for (let start = 0; start < count; start += SEND) {
      const messages = accepts.slice(start, start + SEND).map((accept, at) => ({
        partition: (start + at) % PARTITIONS,
        value: textOf(accept, start + at),
      }));
      await producer.send({ topic: `${topic}${suffix}`, acks: -1, messages });
    }
  await producer.disconnect();
  return accepts;
}
