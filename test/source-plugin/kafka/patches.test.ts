import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { CompressionTypes, type Message } from 'kafkajs';
import { expect, test } from 'vitest';
import { compressionType } from '../../../source-plugin/kafka/compression.js';
import { BlockRecords } from '../../../source-plugin/kafka/messages.js';
import { patchProduce } from '../../../source-plugin/kafka/patches.js';
import { RequestMemory } from '../../../source-plugin/kafka/request-memory.js';
import { blockOf, CONTENT_TYPE, type ReferenceRecord } from '../../reference/kafka-block.js';

interface Encoded {
  readonly buffer: Buffer;
  size(): number;
}

type Protocol = (choice: { version: number }) => (fields: object) => { readonly request: object };

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as { readonly prototype: object };
const RequestQueue = require('kafkajs/src/network/requestQueue') as { readonly prototype: object };
const produce = require('kafkajs/src/protocol/requests/produce') as { protocol: Protocol };
const createRequest = require('kafkajs/src/protocol/request') as (fields: object) => Promise<Encoded>;

/** As kafkajs has them, until patchProduce changes them. */
const shipped = { protocol: produce.protocol, replaced: replaced() };

/** The code of all that is replaced. */
function replaced(): Record<string, string> {
  const code = (object: object, name: string) => {
    const { get, value } = Object.getOwnPropertyDescriptor(object, name) ?? {};
    return createHash('sha256')
      .update(String(get ?? value))
      .digest('hex');
  };
  return {
    'RequestQueue.scheduleCheckPendingRequests': code(RequestQueue.prototype, 'scheduleCheckPendingRequests'),
    'RequestQueue.scheduleRequestTimeoutCheck': code(RequestQueue.prototype, 'scheduleRequestTimeoutCheck'),
    'Encoder.writeEncoder': code(Encoder.prototype, 'writeEncoder'),
    'Encoder.size': code(Encoder.prototype, 'size'),
    'Encoder.buffer': code(Encoder.prototype, 'buffer'),
    'produce.protocol': code(produce, 'protocol'),
    // Not replaced, but a tail stays the last of all only with this one.
    createRequest: createHash('sha256').update(String(createRequest)).digest('hex'),
  };
}

test('what the patches replace is that of kafkajs 2.2.4', () => {
  expect(shipped.replaced).toMatchInlineSnapshot(`
    {
      "Encoder.buffer": "413caa71dbc21c6fcf75c2ae354e3668542dbf2a814306256b558ec491ce919c",
      "Encoder.size": "a4280aafe895841b8a3d6c8c22b630440f6d81f98dea5bc6aa13a92fb729e78a",
      "Encoder.writeEncoder": "79a51f685cdb48d62fd33692145d01ea368c1c14fca910a9ca0ef7929b4e9966",
      "RequestQueue.scheduleCheckPendingRequests": "04347ea969c6f2e3754427c0cbaee0bd4ce947fbd82f7b6e027506a06dfc581a",
      "RequestQueue.scheduleRequestTimeoutCheck": "4fa2b60aa0fe28a4fefc028706b8de18cdafc88916fae651d8cc5d359cc4553a",
      "createRequest": "989e20fd47854b087d0a699b8312176511e37cc8440b7146b34fa3d494d5a9b4",
      "produce.protocol": "32529e32a3c135dfba608a4e37fd60a27a7b5d38621b1986ae571a1beb64cddc",
    }
  `);
});

const VERSIONS = [3, 4, 5, 6, 7];
const START = 1_790_000_000_000;

interface Request {
  readonly version: number;
  readonly compression: CompressionTypes;
  readonly topic: string;
  readonly clientId: string;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly partitions: readonly { readonly firstSequence: number; readonly records: readonly ReferenceRecord[] }[];
}

function fieldsOf(request: Request, messagesOf: (records: readonly ReferenceRecord[], partition: number) => unknown) {
  const partitions = request.partitions.map(({ firstSequence, records }, partition) => {
    return { partition, firstSequence, messages: messagesOf(records, partition) };
  });
  return {
    acks: -1,
    timeout: 30_000,
    compression: request.compression,
    producerId: String(request.producerId),
    producerEpoch: request.epoch,
    topicData: [{ topic: request.topic, partitions }],
  };
}

function messageOf({ key, value, headers, timestamp }: ReferenceRecord): Message {
  return { key, value, headers: Object.fromEntries(headers), timestamp: String(timestamp) };
}

const encode = (protocol: Protocol, { version, clientId }: Request, fields: object): Promise<Encoded> =>
  createRequest({ correlationId: 77, clientId, request: protocol({ version })(fields).request });

const plainFieldsOf = (request: Request) => fieldsOf(request, (records) => records.map(messageOf));

const encodePlainly = (request: Request): Promise<Encoded> => encode(shipped.protocol, request, plainFieldsOf(request));

function encodeBlocks(request: Request, memory: RequestMemory): Promise<Encoded> {
  patchProduce();
  const blocks = fieldsOf(request, (records, partition) => new BlockRecords(blockOf(partition, records), memory));
  return encode(produce.protocol, request, blocks);
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((content) => Buffer.from(content));

// kafkajs counts from the least time of a batch, a block from that of its first record.
const records = fc
  .array(fc.tuple(fc.option(bytes(30)), bytes(400), fc.integer({ min: 0, max: 1e9 })), { minLength: 1, maxLength: 20 })
  .map((entries) =>
    entries.map(([key, value, later], index): ReferenceRecord => {
      return { key, value, headers: [CONTENT_TYPE.avro], timestamp: START + (index === 0 ? 0 : later) };
    }),
  );

const requests: fc.Arbitrary<Request> = fc.record({
  version: fc.constantFrom(...VERSIONS),
  compression: fc.constantFrom(CompressionTypes.None, CompressionTypes.GZIP, CompressionTypes.ZSTD),
  topic: fc.constantFrom('accepts', 'a', 'größe', 't'.repeat(249)),
  clientId: fc.constantFrom('acceptstream', '', 'c'.repeat(5000)),
  producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  epoch: fc.integer({ min: 0, max: 0x7fff }),
  partitions: fc.array(fc.record({ firstSequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }), records }), {
    minLength: 1,
    maxLength: 8,
  }),
});

test('requests without blocks stay as they are', async () => {
  await compressionType('zstd');
  const some = fc.sample(requests, { numRuns: 50, seed: 1 });
  const before = await Promise.all(some.map(encodePlainly));
  const bytes = before.map((one) => Buffer.from(one.buffer));
  patchProduce();
  const after = await Promise.all(some.map((one) => encode(produce.protocol, one, plainFieldsOf(one))));
  expect(after.map((one) => one.buffer)).toEqual(bytes);
  expect(after.map((one) => one.size())).toEqual(bytes.map(({ length }) => length));
});

test('a request of blocks is, byte for byte, that of the same messages', async () => {
  await compressionType('zstd');
  const memory = new RequestMemory();
  const same = fc.asyncProperty(requests, async (request) => {
    const plain = await encodePlainly(request);
    const ours = await encodeBlocks(request, memory);
    expect(ours.size()).toBe(plain.size());
    expect(ours.buffer).toEqual(plain.buffer);
    // kafkajs asks twice: for its log, and to send.
    expect(ours.buffer).toEqual(plain.buffer);
    expect(ours.size()).toBe(plain.size());
  });
  await fc.assert(same, { numRuns: 150 });
});

test.each([1, 100, 4_096, 1_000_000, 5_000_000])('a value of %d bytes', async (size) => {
  const record = { key: null, value: Buffer.alloc(size, 'v'), headers: [], timestamp: START };
  const partitions = [0, 1].map((firstSequence) => ({ firstSequence, records: [record] }));
  const rest = { version: 7, topic: 'accepts', clientId: 'acceptstream', producerId: 1n, epoch: 0 };
  const request = { ...rest, compression: CompressionTypes.None, partitions };
  const ours = await encodeBlocks(request, new RequestMemory());
  expect(ours.buffer.equals((await encodePlainly(request)).buffer)).toBe(true);
});
