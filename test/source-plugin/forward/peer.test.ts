import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventTime, FluentClient, FluentServer, type FluentServerOptions } from '@fluent-org/logger';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificates } from '../../../pipelines/kafka-local/certificates.mjs';
import type { Accept } from '../../../schemas/accept.js';
import type { ForwardConfig, TlsConfig } from '../../../source-plugin/config/types.js';
import { checkForwardSink } from '../../../source-plugin/forward/sink.js';
import { fieldsOf } from '../../reference/forward.js';
import { until } from '../../support/until.js';
import { acceptOf } from '../memory-source.js';
import { acknowledge, batchOf, configOf, numbered, openSink, startServer } from './support.js';

// Another implementation of the protocol than ours, in both roles: @fluent-org/logger.

const KEY = 'the shared key';
const USER = { username: 'alice', password: 'alice-secret' };
const SECURITY = { serverHostname: 'receiver', sharedKey: KEY, authorize: false, userDict: {} };
const WITH_USERS = { ...SECURITY, authorize: true, userDict: { alice: USER.password } };

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-forward-'));
beforeAll(() => makeCertificates(folder), 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const ownerOf = (name: string) => ({ key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.pem`)) });
const CA = (): TlsConfig => ({ ca_file: file('ca.pem') });

type Entry = readonly [tag: string, time: EventTime, record: Accept];

async function startReceiver(options: FluentServerOptions = {}) {
  const server = new FluentServer({ ...options, listenOptions: { host: '127.0.0.1', port: 0 } });
  const entries: Entry[] = [];
  server.on('entry', (...entry: Entry) => entries.push(entry));
  await server.listen();
  onTestFinished(() => server.close());
  return { entries, address: `127.0.0.1:${server.port}` };
}

const RECORDS = [
  ...numbered(3),
  acceptOf({ sequence: 4, comm: 'nginx café \u{1f600}', peer_reset: true, process_start: -1, cgroup: 'x'.repeat(300) }),
];

interface Case {
  readonly receiver?: () => FluentServerOptions;
  readonly sink?: () => Partial<ForwardConfig>;
}

const RIGHT: Readonly<Record<string, Case>> = {
  plain: {},
  gzip: { sink: () => ({ compression: 'gzip' }) },
  'a shared key': { receiver: () => ({ security: SECURITY }), sink: () => ({ shared_key: KEY }) },
  'a shared key and a user': {
    receiver: () => ({ security: WITH_USERS }),
    sink: () => ({ shared_key: KEY, ...USER, compression: 'gzip' }),
  },
  TLS: { receiver: () => ({ tlsOptions: ownerOf('server') }), sink: () => ({ tls: CA() }) },
  'mutual TLS, a shared key and a user': {
    receiver: () => ({
      security: WITH_USERS,
      tlsOptions: { ...ownerOf('server'), ca: readFileSync(file('ca.pem')), requestCert: true },
    }),
    sink: () => ({
      shared_key: KEY,
      ...USER,
      tls: { ...CA(), cert_file: file('client.pem'), key_file: file('client.key') },
    }),
  },
};

describe('every record arrives as it is', () => {
  test.for(Object.entries(RIGHT))('%s', async ([, { receiver, sink: fields }]) => {
    const { entries, address } = await startReceiver(receiver?.());
    const { sink, told } = await openSink(configOf({ servers: [address], ...fields?.() }));
    for (const record of RECORDS) await sink.write(await batchOf([record]));
    await sink.write(await batchOf(RECORDS));
    const sent = [...RECORDS, ...RECORDS];
    await until('the entries', () => entries.length === sent.length);
    expect(entries.map(([tag]) => tag)).toEqual(sent.map(() => 'accepts'));
    expect(entries.map(([, { epoch, nano }]) => epoch * 1e6 + nano / 1e3)).toEqual(sent.map((one) => one.event_time));
    expect(entries.map(([, , record]) => record)).toEqual(sent.map(fieldsOf));
    expect(told).toEqual([]);
  });
});

const WRONG: readonly (readonly [name: string, wrong: Case, message: string])[] = [
  [
    'another shared key',
    { receiver: () => ({ security: SECURITY }), sink: () => ({ shared_key: 'x' }) },
    'refuses this client (shared key mismatch): check shared_key',
  ],
  [
    'a wrong password',
    { receiver: () => ({ security: WITH_USERS }), sink: () => ({ shared_key: KEY, ...USER, password: 'x' }) },
    'refuses this client (username/password mismatch): check username and password',
  ],
  [
    'no user where one is wanted',
    { receiver: () => ({ security: WITH_USERS }), sink: () => ({ shared_key: KEY }) },
    'check username and password',
  ],
  [
    "the server's own name",
    { receiver: () => ({ security: SECURITY }), sink: () => ({ shared_key: KEY, self_hostname: 'receiver' }) },
    'set self_hostname to another',
  ],
  [
    'no shared key where one is wanted',
    { receiver: () => ({ security: SECURITY }) },
    'wants a handshake: set shared_key',
  ],
  [
    'an authority nobody named',
    { receiver: () => ({ tlsOptions: ownerOf('server') }), sink: () => ({ tls: {} }) },
    'not trusted here: set tls.ca_file',
  ],
  [
    'a certificate for another host',
    { receiver: () => ({ tlsOptions: ownerOf('server-misnamed') }), sink: () => ({ tls: CA() }) },
    'use that name in servers, or set tls.server_name',
  ],
  [
    'an expired certificate',
    { receiver: () => ({ tlsOptions: ownerOf('server-expired') }), sink: () => ({ tls: CA() }) },
    'has expired: renew it there',
  ],
  ['TLS where there is none', { sink: () => ({ tls: CA() }) }, 'speak no TLS'],
];

describe('a wrong configuration is told of by --check, with the remedy and without the secret', () => {
  test.for(WRONG)('%s', async ([, { receiver, sink: fields }, message]) => {
    const { entries, address } = await startReceiver(receiver?.());
    const config = configOf({ servers: [address], ...fields?.() });
    const failure = await checkForwardSink(config, { onWait: () => {} }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'SINK', message: expect.stringContaining(message) });
    const text = JSON.stringify([failure, (failure as Error).message, (failure as Error).stack]);
    for (const secret of [KEY, USER.password]) expect(text).not.toContain(secret);
    expect(entries).toEqual([]);
  });
});

test.for(Object.entries(RIGHT))('--check of %s connects and sends nothing', async ([, { receiver, sink }]) => {
  const { entries, address } = await startReceiver(receiver?.());
  await checkForwardSink(configOf({ servers: [address], ...sink?.() }), { onWait: () => {} });
  expect(entries).toEqual([]);
});

/** The whole bytes of what a client sends; the server acknowledges. */
async function startRecorder() {
  const bytes: Buffer[] = [];
  const server = await startServer({
    onConnect: ({ socket }) => socket.on('data', (chunk: Buffer) => bytes.push(chunk)),
    onMessage: acknowledge,
  });
  return { server, bytes: () => Buffer.concat(bytes) };
}

/** A frame with the chunk's id, which is random, blanked. */
function blanked(frame: Buffer): string {
  const at = frame.lastIndexOf('chunk');
  return `${frame.subarray(0, at + 6).toString('hex')} ${'?'.repeat(24)} ${frame.subarray(at + 30).toString('hex')}`;
}

test.each([1, 3, 40, 200])('a frame of %i records is the other client’s, byte for byte', async (count) => {
  const records = numbered(count);
  const [ours, theirs] = [await startRecorder(), await startRecorder()];
  const { sink } = await openSink(configOf({ servers: [ours.server.address], tag: 'accepts' }));
  await sink.write(await batchOf(records));
  const port = Number(theirs.server.address.split(':')[1]);
  const client = new FluentClient('accepts', {
    eventMode: 'PackedForward',
    socket: { host: '127.0.0.1', port },
    ack: { ackTimeout: 10_000 },
    flushInterval: 60_000,
    disableAutoconnect: true,
  });
  await client.connect();
  const sent = records.map((record) => {
    const seconds = Math.floor(record.event_time / 1e6);
    return client.emit(fieldsOf(record), new EventTime(seconds, (record.event_time - seconds * 1e6) * 1e3));
  });
  await client.flush();
  await Promise.all(sent);
  await client.disconnect();
  expect(ours.server.messages).toHaveLength(1);
  expect(theirs.server.messages).toHaveLength(1);
  expect(blanked(ours.bytes())).toBe(blanked(theirs.bytes()));
});

test('the name in the handshake is the host’s, unless told', async () => {
  const names: string[] = [];
  const onMessage = (message: unknown) => void names.push((message as string[])[1] ?? '');
  const onConnect: Parameters<typeof startServer>[0]['onConnect'] = ({ socket }) =>
    socket.write(Buffer.from([0x92, 0xa4, ...Buffer.from('HELO'), 0x80]));
  const { address } = await startServer({ onConnect, onMessage });
  for (const self_hostname of [undefined, 'me']) {
    const stop = new AbortController();
    const config = configOf({ servers: [address], shared_key: KEY, self_hostname });
    const check = checkForwardSink(config, { onWait: () => {}, signal: stop.signal });
    await Promise.all([
      expect(check).rejects.toThrow(),
      until('a PING', () => names.length > 0).then(() => stop.abort()),
    ]);
    expect(names.splice(0)).toEqual([self_hostname ?? hostname()]);
  }
});
