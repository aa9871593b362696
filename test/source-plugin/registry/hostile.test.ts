import type { RequestListener, ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AcceptstreamError } from '../../../schemas/error.js';
import { type Patience, RegistryClient } from '../../../source-plugin/registry/client.js';
import { serve } from '../../support/registry-proxy.js';
import { until } from '../../support/until.js';

const SCHEMA = '{"type":"record","name":"R","fields":[]}';
const SECRET = 'hush-hush-token';
const OPTIONS = { subject_strategy: 'topic', register: true, token: SECRET } as const;
const IMPATIENT: Patience = { waitMs: 0, timeoutMs: 5_000 };

type Ask = (client: RegistryClient) => Promise<unknown>;
const id: Ask = (client) => client.resolveSchemaId('accepts', SCHEMA);
const schema: Ask = (client) => client.schemaById(7);

async function outcome(answer: RequestListener, ask: Ask, patience = IMPATIENT): Promise<unknown> {
  const server = await serve(answer);
  try {
    return await ask(new RegistryClient({ ...OPTIONS, url: server.url }, patience));
  } catch (error) {
    return error;
  } finally {
    await server.close();
  }
}

const says =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('a registry that misbehaves', () => {
  it.each<[string, Ask, RequestListener, RegExp]>([
    ['a web page', id, says(200, '<html>Log in</html>', { 'content-type': 'text/html' }), /text\/html: <html>Log in/],
    ['nothing', id, says(204, ''), /HTTP 204, no content type: nothing/],
    ['half a JSON object', id, says(200, '{"id":'), /did not answer as a registry does .*check registry\.url/],
    ['a JSON array', id, says(200, '[1]'), /did not answer as a registry does/],
    ['JSON null', id, says(200, 'null'), /did not answer as a registry does/],
    ['no id', id, says(200, '{}'), /gave no schema id/],
    ['a text for an id', id, says(200, '{"id":"7"}'), /gave no schema id/],
    ['a negative id', id, says(200, '{"id":-1}'), /gave no schema id/],
    ['an id beyond an int32', id, says(200, '{"id":2147483648}'), /gave no schema id/],
    ['half an id', id, says(200, '{"id":1.5}'), /gave no schema id/],
    ['no schema', schema, says(200, '{}'), /the schema of id 7 is not JSON/],
    ['a schema that is a number', schema, says(200, '{"schema":"{"}'), /the schema of id 7 is not JSON/],
    ['Protobuf', schema, says(200, '{"schema":"{}","schemaType":"PROTOBUF"}'), /of id 7 is not Avro/],
    ['references', schema, says(200, '{"schema":"{}","references":[{}]}'), /of id 7 refers to other schemas/],
    ['no such page', id, says(404, 'nope'), /no Confluent API at this address: .*\(HTTP 404: nope\)/],
    ['no such page for a schema', schema, says(404, '{}'), /no Confluent API at this address/],
    ['forbidden', id, says(403, '{"message":"not you"}'), /does not allow this .*\(HTTP 403: not you\)/],
    ['a teapot', id, says(418, '{"error_code":41801,"message":"tea"}'), /refused the request \(HTTP 418, 41801: tea\)/],
    [
      'another address',
      id,
      says(302, '', { location: 'https://there/' }),
      /redirects to https:\/\/there\/ \(HTTP 302\)/,
    ],
    ['a breakdown', id, says(500, 'oops'), /is away: HTTP 500: oops. Tried for 0 s/],
    ['too much to do', id, says(429, ''), /is away: HTTP 429. Tried/],
    ['control characters', id, says(400, 'a\u001b[2Jb\r\nc'), /\(HTTP 400: a \[2Jb c\)/],
    ['a long text', id, says(400, 'x'.repeat(100_000)), /\(HTTP 400: x{300}…\)$/],
    ['our token', id, says(400, `{"message":"you sent ${SECRET}"}`), /you sent \*\*\*/],
  ])('is told for %s', async (_, ask, answer, message) => {
    const error = await outcome(answer, ask);
    expect(error).toBeInstanceOf(AcceptstreamError);
    expect(error).toMatchObject({ code: 'SINK', message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^the schema registry http:\/\/localhost:\d+/);
    expect((error as Error).message).not.toContain(SECRET);
  });

  it('is cut off when it does not stop talking', async () => {
    let sent = 0;
    const endless = (_: unknown, response: ServerResponse) => {
      const talk = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', talk);
      talk();
    };
    const error = await outcome(endless, id);
    expect(error).toMatchObject({ message: expect.stringMatching(/answered with more than 4194304 bytes/) });
    expect(sent).toBeLessThan(64 << 20);
  });

  it.each<[string, RequestListener]>([
    ['says nothing', () => {}],
    ['stops in the middle', (_, response) => response.write('{"id"')],
    ['trickles', (_, response) => trickle(response)],
  ])('is given up when it %s', async (_, answer) => {
    const error = await outcome(answer, id, { waitMs: 0, timeoutMs: 200 });
    expect(error).toMatchObject({ message: expect.stringMatching(/is away: no whole answer within 200 ms/) });
  });

  it('is given up when it closes the connection or speaks something else', async () => {
    const cut = await outcome((request) => request.socket.destroy(), id);
    expect(cut).toMatchObject({ message: expect.stringMatching(/closes the connection .*\(socket hang up\): check/) });
    const half = await outcome((_, response) => response.write('{', () => response.destroy()), id);
    expect(half).toMatchObject({ message: expect.stringMatching(/is away: aborted/) });
    expect(await outcomeOfBytes('SSH-2.0-OpenSSH_9.2\r\n')).toMatch(/does not speak HTTP \(HPE_INVALID_CONSTANT\)/);
  });
});

function trickle(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}

async function outcomeOfBytes(bytes: string): Promise<string> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const client = new RegistryClient({ ...OPTIONS, url: `http://127.0.0.1:${port}` }, IMPATIENT);
  const message = await client.schemaById(1).then(String, (error: Error) => error.message);
  server.close();
  return message;
}

describe('the answer to a check of compatibility', () => {
  const plan: Ask = (client) => client.planSchema('accepts', SCHEMA);
  const after =
    (answer: RequestListener): RequestListener =>
    (request, response) =>
      (request.url?.startsWith('/compatibility/') ? answer : says(404, '{"error_code":40403}'))(request, response);

  it.each<[string, RequestListener, unknown]>([
    ['yes', says(200, '{"is_compatible":true}'), { subject: 'accepts-value' }],
    [
      'no, with reasons',
      says(200, `{"is_compatible":false,"messages":["READER_FIELD_MISSING","you sent ${SECRET}"]}`),
      {
        message: expect.stringMatching(
          /readers of the subject accepts-value \(READER_FIELD_MISSING,you sent \*\*\*\)$/,
        ),
      },
    ],
    ['forbidden', says(403, '{}'), { message: expect.stringContaining('does not allow this to our user') }],
  ])('%s', async (_, answer, expected) => {
    expect(await outcome(after(answer), plan)).toMatchObject(expected as object);
  });
});

describe('waiting', () => {
  it('tries again until it is there, telling each new reason once', async () => {
    const answers = [says(503, ''), says(503, ''), says(500, 'starting'), says(200, '{"id":42}')];
    const waits: string[] = [];
    const next: RequestListener = (request, response) => answers.shift()?.(request, response);
    const patience = { waitMs: 10_000, onWait: (message: string) => waits.push(message) };
    expect(await outcome(next, id, patience)).toBe(42);
    expect(waits.map((text) => /is away: (.*?)\. Trying again for \d+ s$/.exec(text)?.[1])).toEqual([
      'HTTP 503',
      'HTTP 500: starting',
    ]);
  });

  it('ends within seconds where connections are only closed, not where a registry starts', async () => {
    const hangUp: RequestListener = (request) => void request.socket.destroy();
    const start = performance.now();
    const error = await outcome(hangUp, id, { waitMs: 60_000 });
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(error).toMatchObject({ message: expect.stringMatching(/check registry\.url: a Kafka broker's port does/) });
    const answers = [hangUp, says(503, ''), hangUp, says(200, '{"id":42}')];
    const next: RequestListener = (request, response) => answers.shift()?.(request, response);
    expect(await outcome(next, id, { waitMs: 60_000 })).toBe(42);
  });

  it('does not try again what was refused', async () => {
    let requests = 0;
    await outcome(
      (_, response) => {
        requests++;
        response.writeHead(403).end();
      },
      id,
      { waitMs: 10_000 },
    );
    expect(requests).toBe(1);
  });

  it('ends with the signal, between attempts and within one', async () => {
    for (const answer of [says(503, ''), () => {}]) {
      const stop = new AbortController();
      let asked = false;
      const listener: RequestListener = (request, response) => {
        asked = true;
        answer(request, response);
      };
      const ended = outcome(listener, id, { signal: stop.signal });
      await until('a request', () => asked);
      stop.abort();
      expect(await ended).toMatchObject({ name: 'AbortError' });
    }
  });
});

describe('options', () => {
  it.each([
    ['localhost:8081', /must be an http: or https: address/],
    ['ftp://localhost', /must be an http: or https: address/],
    ['', /must be an http: or https: address/],
    ['http://alice:hush@localhost', /must not hold a user name or password/],
  ])('refuse the url %s without repeating it', (url, message) => {
    const open = () => new RegistryClient({ ...OPTIONS, url });
    expect(open).toThrow(message);
    expect(open).not.toThrow(/hush/);
  });

  it('refuse a token that HTTP can’t carry', async () => {
    const client = new RegistryClient({ ...OPTIONS, url: 'http://127.0.0.1:1', token: 'hush\nhush' });
    const message = await client.schemaById(1).then(String, (error: Error) => error.message);
    expect(message).toMatch(/Invalid character in header content/);
    expect(message).not.toMatch(/hush/);
  });
});
