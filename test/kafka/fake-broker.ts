import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { frameReader } from '../../source-plugin/kafka/frames.js';

export const PRODUCE = 0;
const METADATA = 3;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;

/** Of each interface the one version that this broker speaks: the newest that kafkajs 2.2.4 knows, for Produce. */
const VERSIONS: Readonly<Record<number, number>> = {
  [PRODUCE]: 7,
  [METADATA]: 1,
  [API_VERSIONS]: 0,
  [INIT_PRODUCER_ID]: 0,
};

const NODE = 1;

export interface FakeBroker {
  readonly address: string;
  /** Every request as it came, with its size. */
  readonly requests: Buffer[];
  close(): Promise<void>;
}

/** What it answers to a request: a whole response, or undefined for none. */
export type Answer = (request: Buffer, socket: Socket) => Buffer | undefined;

export const apiKeyOf = (request: Buffer): number => request.readInt16BE(4);

const int8 = (value: number) => Buffer.of(value);
const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => Buffer.from(Int32Array.of(value).buffer).swap32();
const int64 = (value: number) => Buffer.concat([int32(Math.floor(value / 2 ** 32)), int32(value)]);
const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
const array = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items]);

export function respond(request: Buffer, body: readonly Buffer[]): Buffer {
  const correlation = request.subarray(8, 12);
  const bytes = Buffer.concat([correlation, ...body]);
  return Buffer.concat([int32(bytes.length), bytes]);
}

/** The answers of a broker that leads all partitions of one topic and acknowledges everything. */
export function agreeable(topic: string, partitions: number): Answer {
  const versions = Object.entries(VERSIONS).map(([key, version]) =>
    Buffer.concat([int16(Number(key)), int16(version), int16(version)]),
  );
  const ids = Array.from({ length: partitions }, (_, id) => id);
  const led = ids.map((id) =>
    Buffer.concat([int16(0), int32(id), int32(NODE), array([int32(NODE)]), array([int32(NODE)])]),
  );
  const acknowledged = ids.map((id) => Buffer.concat([int32(id), int16(0), int64(0), int64(-1), int64(0)]));
  return (request, socket) => {
    switch (apiKeyOf(request)) {
      case API_VERSIONS:
        return respond(request, [int16(0), array(versions)]);
      case METADATA:
        return respond(request, [
          array([Buffer.concat([int32(NODE), string('127.0.0.1'), int32(socket.localPort ?? 0), int16(-1)])]),
          int32(NODE),
          array([Buffer.concat([int16(0), string(topic), int8(0), array(led)])]),
        ]);
      case INIT_PRODUCER_ID:
        return respond(request, [int32(0), int16(0), int64(4_242), int16(7)]);
      default:
        return respond(request, [array([Buffer.concat([string(topic), array(acknowledged)])]), int32(0)]);
    }
  };
}

/** Takes requests off a socket and sends what `answer` gives. Only the wire is looked at here; behaviour is a broker's. */
export async function startFakeBroker(answer: Answer): Promise<FakeBroker> {
  const requests: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const read = frameReader((request) => {
      requests.push(request);
      const response = answer(request, socket);
      if (response) socket.write(response);
    });
    socket.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
