import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kafkaReason, type Listener, type Shared, sharedKafka } from '../support/kafka.js';
import { runProgram } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { proxyTo } from '../support/registry-proxy.js';
import { numbered, Topic, Writer } from './read-support.js';
import { createAcl } from './topics.js';

const START_MS = 120_000;
const QUICK_MS = 10_000;

describeUnless(kafkaReason(), 'acceptstream read --access', () => {
  let kafka: Shared;
  let topic: Topic;
  let expected: string;
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-read-'));
  beforeAll(async () => {
    kafka = await sharedKafka();
    const writer = await Writer.register(kafka);
    topic = await Topic.create(kafka);
    const records = numbered(3);
    await topic.send(records.map((record) => writer.value(record)));
    expected = `${HEADER}\n${await writer.text(records)}`;
  }, START_MS);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await topic?.close();
  });

  /** Reads through a listener with this content of the file. */
  const read = async (listener: Listener, access: object, env: Record<string, string> = {}) => {
    const path = join(folder, 'access.yaml');
    // JSON is YAML.
    writeFileSync(path, JSON.stringify(access));
    const args = topic.args('--kafka', kafka.listeners[listener].join(), '--access', path);
    const program = await runProgram(args, { env });
    return { code: program.code, bytes: program.stdoutBytes.toString('latin1'), stderr: program.stderr };
  };
  const pem = (name: string) => join(kafka.certificates, name);
  const user = () => ({ mechanism: 'scram-sha-256', username: kafka.user.username });

  it('reads from a broker at an IPv6 address', async ({ skip }) => {
    if (!kafka.listeners.ipv6) skip('needs the address ::1');
    expect(await read('ipv6', {})).toEqual({ code: 0, bytes: expected, stderr: '' });
  });

  it('takes certificates from files and a password from the environment', async () => {
    const tls = { ca_file: pem('ca.pem') };
    const own = { ...tls, cert_file: pem('client.pem'), key_file: pem('client.key') };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own placeholder
    const sasl = { ...user(), password: '${READ_PASSWORD}' };
    const env = { READ_PASSWORD: kafka.user.password };
    expect(await read('tls', { tls })).toEqual({ code: 0, bytes: expected, stderr: '' });
    expect(await read('mtls', { tls: own })).toEqual({ code: 0, bytes: expected, stderr: '' });
    expect(await read('sasl_tls', { tls, sasl }, env)).toEqual({ code: 0, bytes: expected, stderr: '' });
  });

  it.each<[string, Listener, () => object, RegExp]>([
    [
      'a wrong password',
      'sasl',
      () => ({ sasl: { ...user(), password: 'wrong' } }),
      /refuses user .*check sasl\.username/,
    ],
    ['an authority that is not trusted', 'tls', () => ({ tls: {} }), /set tls\.ca_file/],
    ['an expired certificate', 'expired', () => ({ tls: { ca_file: pem('ca.pem') } }), /has expired/],
    ['no client certificate', 'mtls', () => ({ tls: { ca_file: pem('ca.pem') } }), /set tls\.cert_file/],
    ['no SASL', 'sasl', () => ({}), /expects .*SASL \(add sasl\)/],
  ])(
    '%s is told at once',
    async (_, listener, access, message) => {
      const start = performance.now();
      const { code, bytes, stderr } = await read(listener, access());
      expect({ code, bytes }).toEqual({ code: 1, bytes: '' });
      expect(stderr).toMatch(message);
      expect(stderr.match(/\n/g)).toHaveLength(1);
      expect(performance.now() - start).toBeLessThan(QUICK_MS);
    },
    2 * QUICK_MS,
  );

  it('a missing permission is told with what to grant', async () => {
    const closed = await Topic.create(kafka);
    await closed.send([Buffer.of(0)]);
    await createAcl(kafka.brokers, denial(closed.name, kafka.user.username));
    const path = join(folder, 'user.yaml');
    writeFileSync(path, JSON.stringify({ sasl: { ...user(), password: kafka.user.password } }));
    const program = await runProgram(closed.args('--kafka', kafka.listeners.sasl.join(), '--access', path));
    expect(program.code).toBe(1);
    expect(program.stderr).toMatch(`no permission for topic ${closed.name}: grant this user Describe and Read`);
    await closed.close();
  });

  it('gives the registry its password', async () => {
    const proxy = await proxyTo(kafka.registry.url, { authorization: `Basic ${btoa('reader:sesame')}` });
    const registry = { url: proxy.url, username: 'reader', password: 'sesame' };
    const path = join(folder, 'registry.yaml');
    writeFileSync(path, JSON.stringify({ registry }));
    const args = ['read', '--kafka', kafka.brokers.join(), '--topic', topic.name, '--access', path];
    expect((await runProgram(args)).stdout).toBe(Buffer.from(expected, 'latin1').toString());
    await proxy.close();
  });

  it('a file with mistakes is refused whole, by line', async () => {
    const { code, bytes, stderr } = await read('plaintext', { tsl: {}, sasl: { mechanism: 'plain', username: 'x' } });
    expect({ code, bytes }).toEqual({ code: 2, bytes: '' });
    expect(stderr).toMatch(/access\.yaml:1: tsl: unknown key; did you mean tls\?/);
  });
});

function denial(topic: string, username: string) {
  return {
    resourceType: 2, // TOPIC
    resourceName: topic,
    resourcePatternType: 3, // LITERAL
    principal: `User:${username}`,
    host: '*',
    operation: 3, // READ
    permissionType: 2, // DENY
  };
}
