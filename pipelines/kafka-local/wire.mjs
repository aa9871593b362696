import { once } from 'node:events';
import { connect } from 'node:net';

// Enough of Kafka's protocol to see that a broker serves and to make a topic, so that nothing has to be installed.
const METADATA = { key: 3, version: 4 };
const CREATE_TOPICS = { key: 19, version: 2 };
const ANSWER_MS = 5_000;

const int8 = (value) => Buffer.from([value]);

const int16 = (value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const int32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const string = (text) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);

// Request header v1: size int32, key int16, version int16, correlation int32, client id (int16 -1: null).
function frame({ key, version }, body) {
  const request = Buffer.concat([int16(key), int16(version), int32(0), int16(-1), ...body]);
  return Buffer.concat([int32(request.length), request]);
}

/** @returns {Promise<Buffer>} the response behind its size and correlation id */
async function call(port, api, body) {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write(frame(api, body));
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) return bytes.subarray(8);
    }
    throw new Error('the broker closed the connection');
  } finally {
    socket.destroy();
  }
}

// Metadata v4: throttle int32, count int32, then id int32, host, port int32, rack (int16 -1: null) for each broker.
function brokerIds(bytes) {
  const ids = [];
  let at = 8;
  for (let left = bytes.readInt32BE(4); left > 0; left--) {
    ids.push(bytes.readInt32BE(at));
    at += 4;
    at += 2 + bytes.readInt16BE(at) + 4;
    at += 2 + Math.max(0, bytes.readInt16BE(at));
  }
  return ids;
}

/** @returns {Promise<number[]>} ids of the brokers that the one at `port` knows to be serving; none while it does not */
export async function servingBrokers(port) {
  try {
    return brokerIds(await call(port, METADATA, [int32(0), int8(0)]));
  } catch {
    return [];
  }
}

/** Makes a topic with one replica; rejects with the broker's reason when it refuses. */
export async function createTopic(port, name, partitions) {
  // Of one topic: name, partitions int32, replicas int16, no assignments, no configuration. Then timeout, validate only.
  const topic = [string(name), int32(partitions), int16(1), int32(0), int32(0)];
  const answer = await call(port, CREATE_TOPICS, [int32(1), ...topic, int32(ANSWER_MS), int8(0)]);
  // CreateTopics v2: throttle int32, count int32, then name, error int16, message (int16 -1: null).
  const at = 8 + 2 + answer.readInt16BE(8);
  const error = answer.readInt16BE(at);
  if (error !== 0) throw new Error(`topic ${name}: ${answer.subarray(at + 4).toString()} (error ${error})`);
}
