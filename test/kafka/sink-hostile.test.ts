import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type BlockBatch, type KafkaTarget, openKafkaSink } from '../../source-plugin/kafka/sink.js';
import { blocksOf } from '../reference/kafka-block.js';
import { until } from '../support/until.js';
import { configOf } from './config.js';
import { type Answer, agreeable, apiKeyOf, type FakeBroker, PRODUCE, respond, startFakeBroker } from './fake-broker.js';
import { numbered } from './records.js';

const TOPIC = 'accepts';
const PARTITIONS = 3;
const START_MS = 8_000;
/** A request is given up after 30 s. */
const TOO_LONG_MS = 31_000;
const NOT_LEADER = 6;
const right = agreeable(TOPIC, PARTITIONS);

const close = (_request: Buffer, socket: Socket) => {
  socket.destroy();
  return undefined;
};

/** What a port may answer that is no broker's, or a broker that is broken. */
const WRONG: readonly (readonly [name: string, answer: Answer, message: RegExp])[] = [
  ['hangs up', close, /closes the connection/],
  ['sends noise', () => Buffer.alloc(5_000, 0xa5), /is no Kafka broker's port: it does not speak the Kafka protocol/],
  ['promises 2 GiB', () => Buffer.from([0x7f, 255, 255, 255, 1, 2, 3]), /does not speak the Kafka protocol/],
  ['sends a negative size', () => Buffer.from([0x80, 0, 0, 0, 1]), /does not speak the Kafka protocol/],
  ['sends a response of no bytes', () => Buffer.alloc(4), /is no Kafka broker's port/],
  ['sends a response of 2 bytes', () => Buffer.from([0, 0, 0, 2, 9, 9]), /is no Kafka broker's port/],
  ['sends half a response', (request) => respond(request, [Buffer.of(0)]), /is no Kafka broker's port/],
  [
    'promises more than it sends',
    (request) => respond(request, [Buffer.from([0, 0, 0x7f, 255, 255, 255, 0, 0])]),
    /is no Kafka broker's port/,
  ],
  ['speaks HTTP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /it speaks HTTP: check brokers/],
  ['speaks TLS', () => Buffer.from([21, 3, 3, 0, 2, 2, 80]), /it speaks TLS: add tls/],
];

// Each waits two seconds for what may be a broker that starts.
describe.concurrent('a port that', () => {
  test.each(WRONG)('%s is told of within seconds', async (_name, wrong, message) => {
    const broker = await startFakeBroker(wrong);
    const start = performance.now();
    const opening = openKafkaSink(configOf({ brokers: [broker.address], topic: TOPIC }), { onWait: () => {} });
    await expect(opening).rejects.toMatchObject({ code: 'SINK', message: expect.stringMatching(message) });
    expect(performance.now() - start).toBeLessThan(START_MS);
    await broker.close();
  });
});

describe('a port that', () => {
  let broker: FakeBroker;
  let answer: Answer;
  let target: KafkaTarget | undefined;
  let notices: string[];

  beforeEach(async () => {
    answer = right;
    notices = [];
    broker = await startFakeBroker((request, socket) => answer(request, socket));
  });

  afterEach(async () => {
    await target?.sink.close();
    target = undefined;
    await broker.close();
  });

  async function open(): Promise<KafkaTarget> {
    const config = configOf({ brokers: [broker.address], topic: TOPIC });
    target = await openKafkaSink(config, { onWait: (message) => notices.push(message) });
    return target;
  }

  const write = (first: number, { sink }: KafkaTarget) =>
    sink.write({ blocks: blocksOf(numbered(10, { first }), PARTITIONS) } as unknown as BlockBatch);

  test.each(WRONG)('%s while records are written is waited out', async (_name, wrong, message) => {
    const opened = await open();
    await write(0, opened);
    answer = wrong;
    const written = write(10, opened);
    await until('a notice', () => notices.length > 0);
    expect(notices[0]).toMatch(message);
    answer = right;
    await written;
    await write(20, opened);
    expect(notices.at(-1)).toMatch(/^went on after/);
  });

  test('takes the first request and says nothing for long is waited for', async () => {
    answer = () => undefined;
    const opening = open();
    await until('a request', () => broker.requests.length > 0);
    expect(notices).toEqual([]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + TOO_LONG_MS });
    onTestFinished(() => void vi.useRealTimers());
    await until('a notice', () => notices.length > 0);
    expect(notices[0]).toMatch(/^cannot reach .*timed out/);
    answer = right;
    await write(0, await opening);
    expect(notices.at(-1)).toMatch(/^went on after/);
  });

  test('sends its answers byte by byte is understood', async () => {
    answer = (request, socket) => {
      for (const byte of right(request, socket) ?? []) socket.write(Buffer.of(byte));
      return undefined;
    };
    await write(0, await open());
  });

  test('breaks off in the middle of an answer is understood when it is back', async () => {
    const opened = await open();
    let isBroken = true;
    answer = (request, socket) => {
      const whole = right(request, socket);
      if (!isBroken || apiKeyOf(request) !== PRODUCE) return whole;
      isBroken = false;
      if (whole) socket.end(whole.subarray(0, 20));
      return undefined;
    };
    await write(0, opened);
    const produced = broker.requests.filter((request) => apiKeyOf(request) === PRODUCE);
    expect(produced.length).toBe(2);
    const behindHeader = 12;
    expect(produced[1]?.subarray(behindHeader)).toEqual(produced[0]?.subarray(behindHeader));
  });

  test('leaves out a partition in its answer gets its block again', async () => {
    const opened = await open();
    const short = agreeable(TOPIC, 1);
    answer = (request, socket) => (apiKeyOf(request) === PRODUCE ? short(request, socket) : right(request, socket));
    const written = write(0, opened);
    await until('a second request', () => broker.requests.filter((one) => apiKeyOf(one) === PRODUCE).length > 1);
    answer = right;
    await written;
  });

  test('has more partitions than before is told of once, and gets records on the first ones', async () => {
    const opened = await open();
    const grown = agreeable(TOPIC, PARTITIONS + 2);
    let isMoved = true;
    answer = (request, socket) => {
      const response = grown(request, socket);
      if (!response || !isMoved || apiKeyOf(request) !== PRODUCE) return response;
      isMoved = false;
      // Behind size, correlation, count, name, count and partition.
      response.writeInt16BE(NOT_LEADER, 4 + 4 + 4 + 2 + TOPIC.length + 4 + 4);
      return response;
    };
    for (let first = 0; first < 30; first += 10) await write(first, opened);
    expect(notices.filter((notice) => notice.startsWith('topic'))).toEqual([
      'topic accepts has 5 partitions now: records go to the first 3 until a new start',
    ]);
  });
});

describe('a broker that is not there', () => {
  test.each([
    ['refuses', '127.0.0.1:1', /cannot reach 127.0.0.1:1 \(connect ECONNREFUSED/],
    ['refuses at an IPv6 address', '[::1]:1', /cannot reach \[::1\]:1 \(connect E[A-Z]+ ::1:1/],
    ['has no address', 'nowhere.invalid:9092', /cannot reach nowhere.invalid:9092 \(getaddrinfo/],
  ])('and %s is waited for, visibly, until the signal', async (_name, address, message) => {
    const notices: string[] = [];
    const stop = new AbortController();
    const events = { onWait: (text: string) => notices.push(text), signal: stop.signal };
    const opened = openKafkaSink(configOf({ brokers: [address] }), events);
    opened.catch(() => {});
    await until('a notice', () => notices.length > 0);
    expect(notices[0]).toMatch(message);
    stop.abort();
    await expect(opened).rejects.toMatchObject({ code: 'SINK', message: expect.stringMatching(message) });
    expect(notices.length).toBe(1);
  });
});
