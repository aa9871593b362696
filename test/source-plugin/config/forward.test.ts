import { describe, expect, test } from 'vitest';
import type { ForwardConfig } from '../../../source-plugin/config/types.js';
import { FOLDER, fileOf, load, problemsOf } from './config-file.js';

/** A file with one Forward sink `f`; `lines` are further keys of it, from line 5 on. */
function forward(...lines: readonly string[]): string {
  const keys = ['type: forward', 'servers: ["f1:24224"]', ...lines];
  return ['sinks:', '  f:', ...keys.map((key) => `    ${key}`), ''].join('\n');
}

function loadForward(text: string, env = {}): ForwardConfig {
  const sink = load(text, env).sinks.f;
  if (sink?.type !== 'forward') throw new Error('no Forward sink f');
  return sink;
}

test('a server is enough', () => {
  expect(loadForward(forward())).toEqual({
    type: 'forward',
    required: false,
    servers: ['f1:24224'],
    tag: 'acceptstream.accept',
    compression: 'none',
    ack_timeout_ms: 30_000,
  });
});

test('key, password and certificates are read from their files', () => {
  for (const [name, text] of Object.entries({ key: 'k\n', password: 'p\n', 'ca.pem': 'any' })) fileOf(name, text);
  const files = ['shared_key_file: key', 'username: u', 'password_file: password', 'tls: { ca_file: ca.pem }'];
  const { shared_key, password, tls, ...others } = loadForward(forward(...files));
  expect({ shared_key, password, tls }).toEqual({
    shared_key: 'k',
    password: 'p',
    tls: { ca_file: `${FOLDER}/ca.pem`, ca: 'any' },
  });
  expect(Object.keys(others).filter((name) => name.endsWith('_file'))).toEqual([]);
});

test('the key may be of the environment', () => {
  expect(loadForward(forward(`shared_key: \${KEY}`), { KEY: 'k' }).shared_key).toBe('k');
});

describe('what can not work is told with its line', () => {
  test.each<[string, string[], string]>([
    [
      'a blank in the tag',
      ['tag: "a b"'],
      ':5: sinks.f.tag: must be a tag, by which servers route: at most 255 letters,',
    ],
    ['zstd', ['compression: zstd'], ':5: sinks.f.compression: must be one of none, gzip'],
    ['no time for an ack', ['ack_timeout_ms: 0'], ':5: sinks.f.ack_timeout_ms: must be >= 1000'],
    [
      'a key twice',
      ['shared_key: a', 'shared_key_file: /dev/null'],
      ':5: sinks.f.shared_key: give one of shared_key and',
    ],
    ['a user without a password', ['username: u'], ':5: sinks.f.username: a username needs one of password and'],
    ['a password without a user', ['password: p'], ':5: sinks.f.password: a password needs a username'],
    ['a name for no handshake', ['self_hostname: me'], ':5: sinks.f.self_hostname: only a handshake needs it'],
    ['half a client certificate', ['tls: { cert_file: /dev/null }'], ':5: sinks.f.tls.cert_file: a client certificate'],
    ['a key of another sink', ['topic: a'], ':5: sinks.f.topic: unknown key'],
    ['a key of tls misspelt', ['tls: { ca_flie: a }'], ':5: sinks.f.tls.ca_flie: unknown key; did you mean ca_file?'],
  ])('%s', (_name, lines, problem) => {
    expect(problemsOf(forward(...lines)).join('\n')).toContain(problem);
  });

  test.each(['f1', 'f1:0', 'f1:65536', '::1:24224', 'http://f1:24224', ''])('the server %j', (server) => {
    const text = forward().replace('f1:24224', server);
    expect(problemsOf(text)).toEqual([expect.stringContaining(':4: sinks.f.servers.0: must be host:port')]);
  });

  test('no servers', () => {
    expect(problemsOf(forward().replace('"f1:24224"', ''))).toEqual([':4: sinks.f.servers: must not be empty']);
  });
});
