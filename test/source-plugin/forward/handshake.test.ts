import { expect, test } from 'vitest';
import { checkForwardSink } from '../../../source-plugin/forward/sink.js';
import { batchOf, configOf, guarded, KEY, numbered, openSink, sha512, startServer, welcome } from './support.js';

test('the digests of the handshake are those of the protocol', async () => {
  let ping: readonly string[] = [];
  let nonce: Buffer = Buffer.of();
  const server = await startServer(
    guarded((message, random) => {
      [ping, nonce] = [message, random];
      return welcome('server')(message, random);
    }),
  );
  const user = { username: 'alice', password: 'alice-secret' };
  const { sink } = await openSink(
    configOf({ servers: [server.address], shared_key: KEY, self_hostname: 'me', ...user }),
  );
  await sink.write(await batchOf(numbered(1)));
  const [, name, salt = '', digest, username, password] = ping;
  expect({ name, digest }).toEqual({ name: 'me', digest: sha512(salt, 'me', nonce, KEY) });
  expect({ username, password }).toEqual({ username: 'alice', password: sha512(nonce, 'alice', 'alice-secret') });
  expect(salt).toMatch(/^[0-9a-f]{32}$/);
  expect(server.messages).toHaveLength(2);
});

test('a server that keeps no connection gets one for each chunk', async () => {
  const server = await startServer(guarded(welcome('server'), { keepalive: false }));
  const { sink, told } = await openSink(configOf({ servers: [server.address], shared_key: KEY }));
  for (let sequence = 1; sequence <= 3; sequence++) await sink.write(await batchOf(numbered(1, sequence)));
  expect(server.connections()).toBe(3);
  expect(told).toEqual([]);
});

const IMPOSTORS: readonly (readonly [string, (ping: readonly string[], nonce: Buffer) => unknown, string])[] = [
  ['knows no key', () => ['PONG', true, '', 'server', sha512('x')], 'has not got the shared key'],
  ['knows no key and is brief', () => ['PONG', true, '', 'server', ''], 'has not got the shared key'],
  ['sends our own proof back', (ping) => ['PONG', true, '', ping[1], ping[3]], 'set self_hostname'],
  ['denies', () => ['PONG', false, 'shared_key mismatch', '', ''], '(shared_key mismatch): check shared_key'],
  ['denies without a reason', () => ['PONG', false, '', '', ''], 'check shared_key, username and password'],
  ['denies at length', () => ['PONG', false, `${'x'.repeat(300)}\n`, '', ''], `(${'x'.repeat(200)}): check`],
];

test.for(IMPOSTORS)('a server that %s is refused at once, after one attempt', async ([, pong, message]) => {
  const server = await startServer(guarded(pong));
  const config = configOf({ servers: [server.address], shared_key: KEY, self_hostname: 'me' });
  await expect(openSink(config)).rejects.toMatchObject({ code: 'SINK', message: expect.stringContaining(message) });
  expect(server.connections()).toBe(1);
});

test('one that hangs up at the PING, as Fluent Bit does, is given up within seconds, with the remedy', async () => {
  const { onConnect } = guarded(() => undefined);
  const server = await startServer({ onConnect, onMessage: (_message, { socket }) => void socket.end() });
  const config = configOf({ servers: [server.address], shared_key: 'another' });
  await expect(openSink(config)).rejects.toThrow('closes the connection: check shared_key, username and password');
  expect(server.connections()).toBeLessThan(10);
});

test('a PONG of another shape is told of', async () => {
  const server = await startServer(guarded(() => ['PONG', true]));
  const config = configOf({ servers: [server.address], shared_key: KEY });
  await expect(checkForwardSink(config, { onWait: () => {} })).rejects.toThrow('something else than a PONG');
});

test('no HELO where a key is given: the remedy is told', { timeout: 40_000 }, async () => {
  const server = await startServer({});
  const config = configOf({ servers: [server.address], shared_key: KEY });
  await expect(checkForwardSink(config, { onWait: () => {} })).rejects.toThrow(
    'sends no HELO within 5 s: it may want no shared_key (leave it out) or speak TLS (add tls)',
  );
});

test('a handshake that nobody has told of is refused at the first chunk, which is not lost', async () => {
  const server = await startServer({ ...guarded(welcome('server')), onMessage: () => {} });
  const { sink } = await openSink(configOf({ servers: [server.address] }));
  await expect(sink.write(await batchOf(numbered(1)))).rejects.toThrow('wants a handshake: set shared_key');
});
