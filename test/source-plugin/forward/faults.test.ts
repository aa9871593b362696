import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { loadCore } from '../../../filter-core/index.js';
import { runPipeline } from '../../../source-plugin/pipeline.js';
import { until } from '../../support/until.js';
import { datumOf, MemorySource } from '../memory-source.js';
import {
  acknowledge,
  batchOf,
  configOf,
  guarded,
  KEY,
  numbered,
  openSink,
  type Peer,
  receivedOf,
  type ScriptedServer,
  startServer,
} from './support.js';

const chunksOf = ({ messages }: ScriptedServer) => messages.map((message) => receivedOf(message).option.chunk);
const sequencesOf = ({ messages }: ScriptedServer) =>
  messages.flatMap((message) => receivedOf(message).records.map(({ sequence }) => sequence));

test('a server that is killed before its ack gets the same chunk again, under the same id', async () => {
  const server = await startServer({
    onMessage: (message, peer) => (peer.connection === 1 ? peer.socket.destroy() : acknowledge(message, peer)),
  });
  const { sink, told } = await openSink(configOf({ servers: [server.address] }));
  await sink.write(await batchOf(numbered(5)));
  await sink.write(await batchOf(numbered(5, 6)));
  const [first, second, third] = chunksOf(server);
  expect(first).toBe(second);
  expect(third).not.toBe(first);
  expect(sequencesOf(server)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(server.messages[0]).toEqual(server.messages[1]);
  expect(told).toEqual([
    `${server.address} closes the connection: trying again`,
    expect.stringMatching(/^went on after \d+\.\d s$/),
  ]);
});

test('a server that is away for a while misses nothing', async () => {
  const first = await startServer({ onMessage: acknowledge });
  const { sink, told } = await openSink(configOf({ servers: [first.address] }));
  await sink.write(await batchOf(numbered(1)));
  await first.close();
  const write = sink.write(await batchOf(numbered(1, 2)));
  await until('a failure', () => told.length > 0);
  const again = await startServer({ onMessage: acknowledge }, Number(first.address.split(':')[1]));
  await write;
  expect(sequencesOf(again)).toEqual([2]);
  expect(told.at(-1)).toMatch(/^went on after/);
});

test('a server that never acknowledges gets the same chunk on a new connection, and nothing is committed', async () => {
  let isWilling = false;
  const server = await startServer({ onMessage: (message, peer) => isWilling && acknowledge(message, peer) });
  const { sink, told } = await openSink(configOf({ servers: [server.address], ack_timeout_ms: 50 }));
  const source = new MemorySource([datumOf({ sequence: 7 })]);
  const stop = new AbortController();
  const core = await loadCore({ format: 'forward' });
  const run = runPipeline({ source, core, sink, signal: stop.signal });
  await until('three attempts', () => server.messages.length >= 3);
  expect(source.committed).toBe(0);
  expect(new Set(chunksOf(server)).size).toBe(1);
  expect(server.connections()).toBeGreaterThanOrEqual(server.messages.length);
  expect(told[0]).toBe(`${server.address} sends no ack within 0.05 s: trying again`);
  isWilling = true;
  await until('the commit', () => source.committed === 1);
  stop.abort();
  await run;
});

test('a connection whose other end is gone without a word is replaced', async () => {
  const server = await startServer({
    onMessage: (message, peer) => {
      // As after a power cut: what arrives is not read, nothing is sent.
      if (peer.connection > 1) acknowledge(message, peer);
      else if (server.messages.length === 1) acknowledge(message, peer);
      else peer.socket.pause();
    },
  });
  const { sink } = await openSink(configOf({ servers: [server.address], ack_timeout_ms: 100 }));
  await sink.write(await batchOf(numbered(1)));
  await sink.write(await batchOf(numbered(1, 2)));
  expect(sequencesOf(server)).toEqual([1, 2, 2]);
  expect(server.connections()).toBe(2);
});

test('a slow server makes the pipeline wait, and the ring holds what is not acknowledged', async () => {
  const held: (() => void)[] = [];
  const server = await startServer({ onMessage: (message, peer) => held.push(() => acknowledge(message, peer)) });
  const { sink } = await openSink(configOf({ servers: [server.address] }));
  const source = new MemorySource([datumOf({ sequence: 1 })]);
  const stop = new AbortController();
  const core = await loadCore({ format: 'forward' });
  const run = runPipeline({ source, core, sink, signal: stop.signal, lingerMs: () => 1 });
  await until('the first chunk', () => held.length === 1);
  source.append(datumOf({ sequence: 2 }), datumOf({ sequence: 3 }));
  const reads = source.calls.length;
  // The turns of the loop that a pipeline which does not wait would need to read on.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(source.calls.length).toBe(reads);
  expect(source.committed).toBe(0);
  held[0]?.();
  await until('the second chunk', () => held.length === 2);
  expect(source.committed).toBe(1);
  held[1]?.();
  stop.abort();
  await run;
  expect(sequencesOf(server)).toEqual([1, 2, 3]);
  expect(source.committed).toBe(3);
});

const GARBAGE: readonly (readonly [string, Buffer, string])[] = [
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'it speaks HTTP: check servers'],
  ['an alert of TLS', Buffer.from([21, 3, 3, 0, 2, 2, 22]), 'it speaks TLS: add tls'],
  ['no MessagePack', Buffer.of(0xc1), 'does not speak the Forward protocol'],
  ['an answer without end', Buffer.concat([Buffer.of(0xdb, 0, 16, 0, 0), Buffer.alloc(20_000)]), 'does not speak'],
  ['lists in lists', Buffer.alloc(100, 0x91), 'does not speak the Forward protocol'],
  ['the ack of another chunk', Buffer.from('81a361636ba178', 'hex'), 'something else than the ack'],
  ['an ack that is no text', Buffer.from('81a361636b01', 'hex'), 'something else than the ack'],
  ['a list', Buffer.of(0x90), 'something else than the ack'],
];

test.for(GARBAGE)('%s in place of an ack', async ([, bytes, what]) => {
  const server = await startServer({
    onMessage: (message, peer) => (peer.connection === 1 ? peer.socket.write(bytes) : acknowledge(message, peer)),
  });
  const { sink, told } = await openSink(configOf({ servers: [server.address] }));
  await sink.write(await batchOf(numbered(2)));
  expect(told[0]).toContain(what);
  expect(sequencesOf(server)).toEqual([1, 2, 1, 2]);
  expect(new Set(chunksOf(server)).size).toBe(1);
});

test('an answer may come in pieces', async () => {
  const server = await startServer({
    onMessage: async (message, { socket }: Peer) => {
      const ack = Buffer.from(receivedOf(message).option.chunk ?? '');
      const bytes = Buffer.concat([Buffer.from([0x81, 0xa3, 0x61, 0x63, 0x6b, 0xb8]), ack]);
      for (const byte of bytes) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    },
  });
  const { sink } = await openSink(configOf({ servers: [server.address] }));
  await sink.write(await batchOf(numbered(1)));
  expect(server.messages).toHaveLength(1);
});

test('the next server takes over from one that is away, with the chunk under way', async () => {
  const [first, second] = [await startServer({}), await startServer({ onMessage: acknowledge })];
  const servers = [first.address, second.address];
  const { sink, told } = await openSink(configOf({ servers, ack_timeout_ms: 60_000 }));
  const write = sink.write(await batchOf(numbered(3)));
  await until('the chunk', () => first.messages.length === 1);
  await first.close();
  await write;
  expect(second.messages).toEqual(first.messages);
  expect(told.some((line) => line.endsWith(`: goes on with ${second.address}`))).toBe(true);
});

test('of several servers one that could come back is waited for, and all are named', async () => {
  const denying = await startServer(guarded(() => ['PONG', false, 'shared_key mismatch', '', '']));
  const gone = await startServer({});
  await gone.close();
  const told: string[] = [];
  const stop = new AbortController();
  const config = configOf({ servers: [denying.address, gone.address], shared_key: KEY });
  const opened = openSink(config, { signal: stop.signal, onWait: (message) => told.push(message) });
  await Promise.all([
    expect(opened).rejects.toThrow('stopped while waiting'),
    until('a message', () => told.length > 0).then(() => stop.abort()),
  ]);
  expect(told[0]).toContain(`${denying.address} refuses this client (shared_key mismatch)`);
  expect(told[0]).toContain(`cannot reach ${gone.address}`);
});

test('closing ends a write that waits, at once', async () => {
  const server = await startServer({});
  const { sink } = await openSink(configOf({ servers: [server.address], ack_timeout_ms: 600_000 }));
  const write = sink.write(await batchOf(numbered(1)));
  await until('the chunk', () => server.messages.length === 1);
  await Promise.all([expect(write).rejects.toThrow('stopped while waiting'), sink.close()]);
});

test('an IPv6 server', async ({ skip }) => {
  const probe = createServer().listen(0, '::1');
  const has = await Promise.race([once(probe, 'listening').then(() => true), once(probe, 'error').then(() => false)]);
  onTestFinished(() => void probe.close());
  if (!has) skip('no IPv6 on loopback');
  const server = await startServer({ host: '::1', onMessage: acknowledge });
  const { sink } = await openSink(configOf({ servers: [server.address] }));
  await sink.write(await batchOf(numbered(1)));
  expect(server.address).toMatch(/^\[::1\]:\d+$/);
  expect(sequencesOf(server)).toEqual([1]);
});
