import { Kafka, logLevel } from 'kafkajs';

// A topic that was made just now is not served yet.
const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 60 };

const clientOf = (brokers) => new Kafka({ clientId: 'acceptstream-flink', logLevel: logLevel.NOTHING, brokers, retry });

/** What carries lines into a topic here, as a log shipper does elsewhere: `add` takes one, `close` waits for the last. */
export async function openShipper(brokers, topic) {
  const producer = clientOf(brokers).producer();
  await producer.connect();
  let waiting = [];
  let sent = Promise.resolve();
  const send = async () => {
    const messages = waiting;
    waiting = [];
    if (messages.length > 0) await producer.send({ topic, messages });
  };
  return {
    add(line) {
      waiting.push({ value: JSON.stringify(line) });
      sent = sent.then(send);
    },
    async close() {
      await sent;
      await producer.disconnect();
    },
  };
}

/**
 * Calls `onRow` with the text of each record of a topic, from its begin on.
 * @returns {Promise<() => Promise<void>>} what ends it
 */
export async function follow(brokers, topic, onRow) {
  const consumer = clientOf(brokers).consumer({ groupId: 'acceptstream-flink', maxWaitTimeInMs: 20 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => onRow(String(message.value)) });
  return () => consumer.disconnect();
}
