import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { AcceptstreamError } from '../../schemas/error.js';
import { RegistryClient, type RegistryOptions } from '../../source-plugin/registry/client.js';
import { kafkaReason, prepareRegistry, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';
import { type ProxyOptions, proxyTo } from '../support/registry-proxy.js';
import { until } from '../support/until.js';

const START_MS = 120_000;
const SCHEMA = readFileSync(new URL('../../schemas/accept.avsc', import.meta.url), 'utf8');
const OPTIONS = { subject_strategy: 'topic', register: true } as const;
const MEDIA_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' };

/** The schema after a change. */
function changed(change: (schema: { fields: { name: string }[] }) => void): string {
  const schema = JSON.parse(SCHEMA);
  change(schema);
  return JSON.stringify(schema);
}

const WITH_NEW_FIELD = changed(({ fields }) => fields.push({ name: 'novel', type: 'long' } as { name: string }));
const WITH_DEFAULT = changed(({ fields }) =>
  fields.push({ name: 'novel', type: 'long', default: -1 } as { name: string }),
);

async function failure(work: Promise<unknown>): Promise<AcceptstreamError> {
  const error = await work.then(
    (value) => new Error(`gave ${JSON.stringify(value)}`),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(AcceptstreamError);
  return error;
}

describeUnless(kafkaReason(), 'the registry client', () => {
  let kafka: Shared;
  beforeAll(async () => {
    kafka = await sharedKafka();
  }, START_MS);

  const options = (more: Partial<RegistryOptions> = {}): RegistryOptions => ({
    ...OPTIONS,
    url: kafka.registry.url,
    ...more,
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> =>
    (await fetch(`${kafka.registry.url}${path}`, { headers: MEDIA_TYPE, ...init })).json();
  const latest = async (subject: string) => {
    const stored = await ask(`/subjects/${encodeURIComponent(subject)}/versions/latest`);
    return stored as { readonly id: number; readonly schema: string };
  };
  const demand = (subject: string, compatibility: string) =>
    ask(`/config/${subject}`, { method: 'PUT', body: JSON.stringify({ compatibility }) });

  describe('registering', () => {
    it.each([
      { strategy: 'topic', subjectOf: (topic: string) => `${topic}-value` },
      { strategy: 'topic_record', subjectOf: (topic: string) => `${topic}-acceptstream.Accept` },
      { strategy: 'record', subjectOf: () => 'acceptstream.Accept' },
    ] as const)('puts the schema under the subject of $strategy', async ({ strategy, subjectOf }) => {
      const topic = uniqueName('registry');
      const client = new RegistryClient(options({ subject_strategy: strategy }));
      const id = await client.resolveSchemaId(topic, SCHEMA);
      const stored = await latest(subjectOf(topic));
      expect(stored.id).toBe(id);
      expect(JSON.parse(stored.schema)).toEqual(JSON.parse(SCHEMA));
    });

    it('gives the same id to the same schema in other blanks', async () => {
      const topic = uniqueName('registry');
      const id = await new RegistryClient(options()).resolveSchemaId(topic, SCHEMA);
      const compact = JSON.stringify(JSON.parse(SCHEMA));
      expect(compact).not.toBe(SCHEMA);
      expect(await new RegistryClient(options()).resolveSchemaId(topic, compact)).toBe(id);
      expect(await ask(`/subjects/${topic}-value/versions`)).toEqual([1]);
    });

    it('works for a topic whose name needs escaping', async () => {
      const topic = `${uniqueName('registry')} /?#%`;
      const id = await new RegistryClient(options()).resolveSchemaId(topic, SCHEMA);
      expect((await latest(`${topic}-value`)).id).toBe(id);
    });

    it('is refused, with the reason, for a change that breaks readers', async () => {
      const topic = uniqueName('registry');
      const client = new RegistryClient(options());
      await client.resolveSchemaId(topic, SCHEMA);
      await demand(`${topic}-value`, 'BACKWARD');
      const { code, message } = await failure(client.resolveSchemaId(topic, WITH_NEW_FIELD));
      expect(code).toBe('SINK');
      expect(message).toMatch(`${kafka.registry.url} refused the schema`);
      expect(message).toMatch(`would break readers of the subject ${topic}-value`);
      expect(message).toMatch(/Incompatible artifact.*novel at \/fields\/\d+/);
      expect(await ask(`/subjects/${topic}-value/versions`)).toEqual([1]);
    });

    it('goes through for a change that breaks none', async () => {
      const topic = uniqueName('registry');
      const client = new RegistryClient(options());
      const first = await client.resolveSchemaId(topic, SCHEMA);
      await demand(`${topic}-value`, 'BACKWARD');
      expect(await client.resolveSchemaId(topic, WITH_DEFAULT)).not.toBe(first);
    });

    it('is refused for what is no Avro schema', async () => {
      const client = new RegistryClient(options());
      const { message } = await failure(client.resolveSchemaId(uniqueName('registry'), '{"type":"nonsense"}'));
      expect(message).toMatch(/finds the schema invalid \(HTTP 422, 42201: /);
    });
  });

  describe('looking up', () => {
    const reader = () => new RegistryClient(options({ register: false }));

    it('finds what somebody registered in other blanks', async () => {
      const topic = uniqueName('registry');
      const schema = JSON.stringify(JSON.parse(SCHEMA), null, 4);
      const body = JSON.stringify({ schema });
      const registered = await ask(`/subjects/${topic}-value/versions`, { method: 'POST', body });
      expect(registered).toEqual({ id: await reader().resolveSchemaId(topic, SCHEMA) });
    });

    it('names a missing subject and registers nothing', async () => {
      const topic = uniqueName('registry');
      const { message } = await failure(reader().resolveSchemaId(topic, SCHEMA));
      expect(message).toMatch(`has no subject ${topic}-value`);
      expect(message).toMatch('set registry.register to true');
      expect(await ask('/subjects')).not.toContain(`${topic}-value`);
    });

    it('names a subject that holds another schema', async () => {
      const topic = uniqueName('registry');
      await new RegistryClient(options()).resolveSchemaId(topic, WITH_DEFAULT);
      const { message } = await failure(reader().resolveSchemaId(topic, SCHEMA));
      expect(message).toMatch(`another schema than ours under ${topic}-value`);
    });
  });

  describe('planning', () => {
    const plan = (topic: string, schema = SCHEMA, more: Partial<RegistryOptions> = {}) =>
      new RegistryClient(options(more)).planSchema(topic, schema);

    it('says what would be registered, and registers nothing', async () => {
      const topic = uniqueName('registry');
      expect(await plan(topic)).toEqual({ subject: `${topic}-value` });
      expect(await ask('/subjects')).not.toContain(`${topic}-value`);
      const id = await new RegistryClient(options()).resolveSchemaId(topic, SCHEMA);
      expect(await plan(topic)).toEqual({ subject: `${topic}-value`, id });
      expect(await plan(topic, SCHEMA, { register: false })).toEqual({ subject: `${topic}-value`, id });
    });

    it('asks whether a change would be taken', async () => {
      const topic = uniqueName('registry');
      await new RegistryClient(options()).resolveSchemaId(topic, SCHEMA);
      await demand(`${topic}-value`, 'BACKWARD');
      expect(await plan(topic, WITH_DEFAULT)).toEqual({ subject: `${topic}-value` });
      const { message } = await failure(plan(topic, WITH_NEW_FIELD));
      expect(message).toMatch(/refused the schema: it would break readers of the subject \S+$/);
      expect(await ask(`/subjects/${topic}-value/versions`)).toEqual([1]);
    });

    it('names what is missing when nothing may be registered', async () => {
      const { message } = await failure(plan(uniqueName('registry'), SCHEMA, { register: false }));
      expect(message).toMatch(/has no subject .*set registry\.register to true/);
    });
  });

  describe('the writer’s schema', () => {
    it('comes back whole', async () => {
      const client = new RegistryClient(options());
      const id = await client.resolveSchemaId(uniqueName('registry'), SCHEMA);
      expect(await client.schemaById(id)).toEqual(JSON.parse(SCHEMA));
    });

    it('is named when the registry has none of that id', async () => {
      const { message } = await failure(new RegistryClient(options()).schemaById(2 ** 31 - 1));
      expect(message).toMatch(`${kafka.registry.url} has no schema of id 2147483647`);
    });
  });

  it('asks once for what it knows, and again for what failed', async () => {
    const proxy = await proxyTo(kafka.registry.url);
    const client = new RegistryClient(options({ url: proxy.url, register: false }));
    const topic = uniqueName('registry');
    await failure(client.resolveSchemaId(topic, SCHEMA));
    const id = await new RegistryClient(options()).resolveSchemaId(topic, SCHEMA);
    for (let time = 0; time < 3; time++) {
      expect(await client.resolveSchemaId(topic, SCHEMA)).toBe(id);
      await client.schemaById(id);
    }
    const lookup = `POST /subjects/${topic}-value?normalize=true`;
    expect(proxy.requests).toEqual([lookup, lookup, `GET /schemas/ids/${id}`]);
    await proxy.close();
  });

  describe('authentication', () => {
    const BASIC = { username: 'hänsel', password: 'gr:tel-secret' };
    const basic = `Basic ${Buffer.from('hänsel:gr:tel-secret').toString('base64')}`;

    async function through(proxying: ProxyOptions, own: Partial<RegistryOptions>): Promise<unknown> {
      const proxy = await proxyTo(kafka.registry.url, proxying);
      try {
        const client = new RegistryClient(options({ url: proxy.url, ...own }));
        return await client.resolveSchemaId(uniqueName('registry'), SCHEMA);
      } finally {
        await proxy.close();
      }
    }

    it.each([
      { kind: 'basic', authorization: basic, own: BASIC },
      { kind: 'bearer', authorization: 'Bearer t0ken-secret', own: { token: 't0ken-secret' } },
    ])('passes $kind', async ({ authorization, own }) => {
      expect(await through({ authorization }, own)).toBeTypeOf('number');
    });

    it.each([
      { kind: 'nothing', own: {} },
      { kind: 'wrong basic', own: BASIC },
      { kind: 'a wrong token', own: { token: 't0ken-secret' } },
    ])('fails by name with $kind, and tells no secret that the server repeats', async ({ own }) => {
      const { message } = await failure(through({ authorization: 'Bearer right' }, own));
      expect(message).toMatch(/wants to know who we are: check registry\.username.*HTTP 401/);
      expect(message).not.toMatch(/secret/);
      expect(message).not.toContain(basic.slice('Basic '.length));
    });
  });

  describe('TLS', () => {
    const file = (name: string) => `${kafka.certificates}/${name}`;
    const pair = (name: string) => ({
      cert: readFileSync(file(`${name}.pem`), 'utf8'),
      key: readFileSync(file(`${name}.key`), 'utf8'),
    });

    async function through(certificate: string, own: Partial<RegistryOptions>): Promise<unknown> {
      const proxy = await proxyTo(kafka.registry.url, { tls: pair(certificate) });
      try {
        const client = new RegistryClient(options({ url: proxy.url, ...own }));
        return await client.resolveSchemaId(uniqueName('registry'), SCHEMA);
      } finally {
        await proxy.close();
      }
    }

    it('trusts our own authority', async () => {
      expect(await through('server', { ca_file: file('ca.pem') })).toBeTypeOf('number');
    });

    it.each([
      { what: 'the system’s authorities', certificate: 'server', ca: undefined, message: /set registry\.ca_file/ },
      { what: 'another authority', certificate: 'server', ca: 'foreign-ca.pem', message: /set registry\.ca_file/ },
      { what: 'an old certificate', certificate: 'server-expired', ca: 'ca.pem', message: /has expired: renew it/ },
      { what: 'another name', certificate: 'server-misnamed', ca: 'ca.pem', message: /is for another host/ },
    ])('fails at once with $what', async ({ certificate, ca, message }) => {
      const error = await failure(through(certificate, ca ? { ca_file: file(ca) } : {}));
      expect(error.message).toMatch(message);
    });

    it('names an authority file that is missing or none', () => {
      const https = { url: 'https://localhost:1' };
      const client = (name: string) => () => new RegistryClient(options({ ...https, ca_file: file(name) }));
      expect(client('missing.pem')).toThrow(/registry\.ca_file: .*missing\.pem can't be read/);
      expect(client('ca.key')).toThrow(/registry\.ca_file: .*ca\.key can't be read as a PEM certificate/);
    });

    it('says so where no TLS is spoken', async () => {
      const plain = options({ url: kafka.registry.url.replace('http:', 'https:'), ca_file: file('ca.pem') });
      const { message } = await failure(new RegistryClient(plain).schemaById(1));
      expect(message).toMatch('it does not speak TLS: use http: in registry.url');
    });
  });
});

describeUnless(kafkaReason(), 'a registry that starts late', () => {
  it(
    'is waited for, and says so',
    async () => {
      const registry = await prepareRegistry();
      const waits: string[] = [];
      const patience = { onWait: (message: string) => waits.push(message), waitMs: START_MS };
      const client = new RegistryClient({ ...OPTIONS, url: registry.url }, patience);
      const id = client.resolveSchemaId('accepts', SCHEMA);
      await until('the first wait', () => waits.length > 0);
      await registry.server.start();
      expect(await id).toBeTypeOf('number');
      expect(waits[0]).toMatch(
        /^the schema registry http:\S+ is away: connect ECONNREFUSED .* Trying again for 1[12]\d s$/,
      );
      await registry.server.kill();
      const gone = new RegistryClient({ ...OPTIONS, url: registry.url }, { waitMs: 300 });
      expect((await failure(gone.schemaById(1))).message).toMatch(/is away: connect ECONNREFUSED .* Tried for 1 s$/);
      await registry.stop();
    },
    START_MS,
  );
});
