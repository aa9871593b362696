import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FOLDER, fileOf, kafka, load, loadKafka, problemsOf } from './config-file.js';

const SECRET = 'correct horse battery';
const SASL = ['sasl:', '  mechanism: plain', '  username: u'];

describe('variables', () => {
  test('stand for values, also several in a text and in lists', () => {
    const text = kafka(`client_id: a-\${A}-\${B}\${A}`).replace('["k1:9092"]', `["\${HOST}:9092", "k2:\${PORT}"]`);
    const { client_id, brokers } = loadKafka(text, { A: 'one', B: '', HOST: 'h', PORT: '1' });
    expect({ client_id, brokers }).toEqual({ client_id: 'a-one-one', brokers: ['h:9092', 'k2:1'] });
  });

  test('are not looked for in their own values, in comments and in keys', () => {
    const text = `# \${NONE}\n${kafka(`client_id: "\${A}"`)}`;
    expect(loadKafka(text, { A: `\${B}`, B: 'b' }).client_id).toBe(`\${B}`);
    expect(problemsOf(`\${A}: 1\nsinks: { s: { type: stdout } }\n`, { A: 'source' })).toEqual([
      `:1: \${A}: unknown key; known are source, filter, sinks`,
    ]);
  });

  test.each(['$A', `\${}`, `\${1A}`, `\${A-b}`, '$ {A}'])('%s is no variable', (client_id) => {
    expect(loadKafka(kafka(`client_id: "${client_id}"`), { A: 'a' }).client_id).toBe(client_id);
  });

  test('that are not set are all told, with their lines', () => {
    const text = kafka(`client_id: "\${A} \${B}"`, `compression: \${C}`);
    expect(problemsOf(text, { B: 'b' })).toEqual([
      ':7: the environment variable A is not set',
      ':8: the environment variable C is not set',
      ':8: sinks.k.compression: must be one of none, gzip, zstd',
    ]);
  });

  test('can be used through an alias', () => {
    const text = kafka(`client_id: &id \${A}`, 'sasl: { mechanism: plain, username: *id, password: p }');
    expect(loadKafka(text, { A: 'me' })).toMatchObject({ client_id: 'me', sasl: { username: 'me' } });
  });
});

describe('files', () => {
  test.each([
    ['', SECRET],
    ['\n', SECRET],
    ['\r\n', SECRET],
    ['\n\n', `${SECRET}\n`],
    [' ', `${SECRET} `],
  ])('a password with %j behind it', (end, expected) => {
    fileOf('password', SECRET + end);
    expect(loadKafka(kafka(...SASL, '  password_file: password')).sasl).toEqual({
      mechanism: 'plain',
      username: 'u',
      password: expected,
    });
  });

  test('of certificates are read, and get absolute names, from the folder of the file on', () => {
    for (const name of ['ca.pem', 'c.pem', 'c.key']) fileOf(name, 'any');
    expect(loadKafka(kafka(`tls: { ca_file: ca.pem, cert_file: ./c.pem, key_file: ${FOLDER}/c.key }`)).tls).toEqual({
      ca_file: join(FOLDER, 'ca.pem'),
      cert_file: join(FOLDER, 'c.pem'),
      key_file: join(FOLDER, 'c.key'),
      ca: 'any',
      cert: 'any',
      key: 'any',
    });
  });

  test('that are missing or empty are all told, with their lines', () => {
    fileOf('empty', '\n');
    const text = kafka(...SASL, '  password_file: empty', 'tls: { ca_file: none.pem }');
    expect(problemsOf(text)).toEqual([
      `:10: sinks.k.sasl.password_file: ${FOLDER}/empty is empty`,
      expect.stringMatching(/^:11: sinks\.k\.tls\.ca_file: cannot read .*none\.pem: ENOENT/),
    ]);
  });

  test('can be named by variables', () => {
    fileOf('token', `${SECRET}\n`);
    const text = kafka(`registry: { url: "https://r", token_file: "\${DIR}/token" }`).replace('json', 'avro');
    expect(loadKafka(text, { DIR: FOLDER }).registry).toMatchObject({ token: SECRET });
  });
});

describe('a secret is in no message', () => {
  const MARK = 'SECRET7';
  test.each([
    `password: "a"${MARK}`,
    `password: @${MARK}`,
    `password: \`${MARK}`,
    `password: "${MARK}`,
    `password: '${MARK}`,
    `password: %${MARK}`,
    `password: *${MARK} x`,
    `password: [${MARK}`,
    `password: ]${MARK}`,
    `password: }${MARK}`,
    `password: "\\q${MARK}"`,
    `password: - ${MARK}`,
    `password: | ${MARK}`,
    `password: ${MARK}: x`,
    `password: [${MARK}]`,
    `password: {a: ${MARK}}`,
    `password: 1${MARK}`,
    `mechanism: ${MARK}`,
    `password: !${MARK}`,
    `password: &${MARK} *${MARK}`,
    `mechanism: "\${A}"`,
    `password: >${MARK}`,
    `password: "U${MARK}"`,
  ])('%s', (line) => {
    const problems = problemsOf(kafka('sasl:', '  username: u', `  ${line}`), { A: MARK });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(MARK);
  });

  test('read from a file', () => {
    fileOf('secret', MARK);
    const problems = problemsOf(kafka(...SASL, '  password_file: secret', 'linger_ms: x'));
    expect(problems).toEqual([':11: sinks.k.linger_ms: must be a whole number']);
  });
});

test('the environment of the process is the default', () => {
  expect(() => load(kafka(`client_id: "\${PATH}"`))).toThrow('the environment variable PATH is not set');
});
