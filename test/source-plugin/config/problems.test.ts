import { expect, test } from 'vitest';
import { fileOf, kafka, load, problemsOf } from './config-file.js';

const STDOUT = 'sinks: { s: { type: stdout } }\n';
const PORTS = 'ports are whole numbers from 0 to 65535, or two of them for a range (8000-8099), the lower one first';
const avro = kafka().replace('encoding: json', 'encoding: avro');

test.each<[string, string, ...string[]]>([
  ['an empty file', '', ':1: the file: sinks is missing'],
  ['only comments', '# nothing\n', ':1: the file: sinks is missing'],
  ['a list at the root', '- 1\n', ':1: the file: must be a map of keys'],
  ['a word at the root', 'hello', ':1: the file: must be a map of keys'],
  ['no sinks', 'source: {}\n', ':1: the file: sinks is missing'],
  ['sinks without one', 'sinks: {}\n', ':1: sinks: must not be empty'],
  ['a list of sinks', 'sinks: [a]\n', ':1: sinks: must be a map of keys'],
  ['a sink without keys', 'sinks:\n  a:\n', ':2: sinks.a: has no value, must be a map of keys'],
  ['a map without keys', `${STDOUT}filter:\n`, ':2: filter: has no value, must be a map of keys'],
  ['no type', 'sinks:\n  a: {}\n', ':2: sinks.a: type is missing: must be one of stdout, file, kafka, forward'],
  ['an unknown type', 'sinks:\n  a:\n    type: xyz\n', ':3: sinks.a.type: must be one of stdout, file, kafka, forward'],
  [
    'a misspelt type',
    'sinks: {a: {type: kafak}}\n',
    ':1: sinks.a.type: must be one of stdout, file, kafka, forward; did you mean kafka?',
  ],
  [
    'a type that is a number',
    'sinks: {a: {type: 3}}\n',
    ':1: sinks.a.type: must be one of stdout, file, kafka, forward',
  ],
  ['a misspelt section', `${STDOUT}sourc: {}\n`, ':2: sourc: unknown key; did you mean source?'],
  ['a foreign section', `${STDOUT}xyz: {}\n`, ':2: xyz: unknown key; known are source, filter, sinks'],
  ['a misspelt key', kafka('client_ib: a'), ':7: sinks.k.client_ib: unknown key; did you mean client_id?'],
  [
    'a key in a nested map',
    kafka('tls:', '  ca: a'),
    ':8: sinks.k.tls.ca: unknown key; known are ca_file, cert_file, key_file, server_name',
  ],
  [
    'no brokers, no topic',
    'sinks:\n  k:\n    type: kafka\n    encoding: json\n',
    ':2: sinks.k: brokers is missing',
    ':2: sinks.k: topic is missing',
  ],
  ['an empty list', kafka().replace('["k1:9092"]', '[]'), ':4: sinks.k.brokers: must not be empty'],
  ['no list', kafka().replace('["k1:9092"]', 'k1:9092'), ':4: sinks.k.brokers: must be a list'],
  [
    'a broker without a port',
    kafka().replace('k1:9092', 'k1'),
    ':4: sinks.k.brokers.0: must be host:port, with an IPv6 address as [2001:db8::1]:9092',
  ],
  [
    'a broker with an impossible port',
    kafka().replace('k1:9092', 'k1:65536'),
    ':4: sinks.k.brokers.0: must be host:port, with an IPv6 address as [2001:db8::1]:9092',
  ],
  [
    'an address of IPv6 without brackets',
    kafka().replace('k1:9092', '::1:9092'),
    ':4: sinks.k.brokers.0: must be host:port, with an IPv6 address as [2001:db8::1]:9092',
  ],
  [
    'a topic with a slash',
    kafka().replace('accepts', 'a/b'),
    ':5: sinks.k.topic: must be the name of a topic: at most 249 letters, digits, dots, _ and -',
  ],
  [
    'a url of something else',
    kafka('registry: { url: "ftp://r" }').replace('json', 'avro'),
    ':7: sinks.k.registry.url: must be the address of its Confluent API, with http:// or https://, as http://registry:8081',
  ],
  [
    'a misspelt choice',
    kafka('compression: gzp'),
    ':7: sinks.k.compression: must be one of none, gzip, zstd; did you mean gzip?',
  ],
  [
    'a wrong choice',
    kafka('key: pid'),
    ':7: sinks.k.key: must be one of none, host, remote_address, local_port, process',
  ],
  ['a number in quotes', kafka('linger_ms: "5"'), ':7: sinks.k.linger_ms: must be a whole number'],
  ['a fraction', kafka('linger_ms: 1.5'), ':7: sinks.k.linger_ms: must be a whole number'],
  ['too much', kafka('linger_ms: 60001'), ':7: sinks.k.linger_ms: must be <= 60000'],
  ['too little', kafka('linger_ms: -1'), ':7: sinks.k.linger_ms: must be >= 0'],
  ['yes in place of true', 'sinks: {s: {type: stdout, time: yes}}\n', ':1: sinks.s.time: must be true or false'],
  [
    'a port of letters, one too high',
    `${STDOUT}filter:\n  ports:\n    - http\n    - 65536\n`,
    `:4: filter.ports.0: "http" is no port: ${PORTS}`,
    `:5: filter.ports.1: 65536 is no port: ${PORTS}`,
  ],
  ['one port', `${STDOUT}filter: { ports: 80 }\n`, ':2: filter.ports: must be a list'],
  ['a family', `${STDOUT}filter: { family: 5 }\n`, ':2: filter.family: must be one of 4, 6'],
  ['a source', `${STDOUT}source: { type: kafka }\n`, ':2: source.type: must be live'],
  ['an empty text', kafka('client_id: ""'), ':7: sinks.k.client_id: must not be empty'],
  [
    'avro without a registry',
    avro,
    ':6: sinks.k.encoding: avro needs a registry (registry.url), or use encoding: json',
  ],
  [
    'json with a registry',
    kafka('registry: { url: "http://r" }'),
    ':7: sinks.k.registry: json needs no registry: leave it out',
  ],
  [
    'two for stdout',
    'sinks:\n  a: { type: stdout }\n  b: { type: stdout }\n',
    ':3: sinks.b: only one sink can have stdout, and a has it',
  ],
  [
    'two for the same files',
    'sinks:\n  a: { type: file, path: /f/a.avro }\n  b: { type: file, path: /f/a.avro }\n',
    ':3: sinks.b: only one sink can have /f/a.avro, and a has it',
  ],
  ...['accepts.avro', '/f/accepts', '/f/.avro', 'f/a.avro'].map((path): [string, string, string] => [
    `files of the path ${path}`,
    `sinks: { a: { type: file, path: ${path} } }\n`,
    ':1: sinks.a.path: must be an absolute path with the ending .avro, before which time and number of each file come, as /var/lib/acceptstream/accepts.avro',
  ]),
  [
    'less kept than one file has',
    'sinks: { a: { type: file, path: /f/a.avro, rotate_bytes: 65537, retain_bytes: 65536 } }\n',
    ':1: sinks.a.retain_bytes: less than rotate_bytes, the size of one file',
  ],
  [
    'columns of another format',
    'sinks:\n  a: { type: stdout, format: json, time: true }\n',
    ':2: sinks.a.format: time and timestamp are columns of the formats tcpaccept and wide',
  ],
  [
    'no password',
    kafka('sasl:', '  mechanism: plain', '  username: u'),
    ':9: sinks.k.sasl.username: give one of password and password_file',
  ],
  [
    'a registry user without a password',
    avro.concat('    registry:\n      url: http://r\n      username: u\n'),
    ':9: sinks.k.registry.username: a username needs one of password and password_file',
  ],
  [
    'a registry password without a user',
    avro.concat('    registry:\n      url: http://r\n      password: p\n'),
    ':9: sinks.k.registry.password: a password needs a username',
  ],
  [
    'user and token',
    avro.concat('    registry: { url: "http://r", username: u, password: p, token: t }\n'),
    ':7: sinks.k.registry.token: give one of username, token and token_file',
  ],
  ['a second document', `${STDOUT}---\na: 1\n`, ':2: a second document: a file holds one'],
  ['a key twice', 'sinks:\n  a: {type: stdout}\n  a: {type: stdout}\n', ':3: this key is here twice'],
  ['a tab', 'sinks:\n\ta: 1\n', ':2: Tabs are not allowed as indentation'],
  ['an open quote', 'sinks:\n  a: "b\n', ':3: Missing closing "quote'],
  ['an alias of nothing', 'sinks:\n  a: *b\n', ':2: this alias stands for nothing: no anchor before it has its name'],
  ['an alias of itself', 'sinks: &a\n  k: *a\n', ':2: this alias stands for what it is in'],
  ['a foreign tag', 'sinks: !x { s: { type: stdout } }\n', ':1: Unresolved tag'],
  [
    'a merge key',
    'sinks:\n  a: &a { type: stdout }\n  b: { <<: *a }\n',
    ':3: sinks.b: type is missing: must be one of stdout, file, kafka, forward',
  ],
  [
    'a variable in a flow list',
    `sinks:\n  k: {type: kafka, brokers: [\${B}], topic: t}\n`,
    `:2: Missing , or : between flow sequence items; in [ ] and { } write "\${NAME}" in quotes`,
  ],
])('%s', (_name, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});

test('all that is wrong is told at once, in the order of the file', () => {
  const lines = ['filter: { prots: [80] }', 'sinks:', '  s: { type: stdout, format: json, time: true }', '  k:'];
  const keys = [
    'type: kafka',
    'topc: accepts',
    'linger_ms: soon',
    'tls: { cert_file: nope.pem }',
    `client_id: "\${NAME}"`,
  ];
  const text = [...lines, ...keys.map((key) => `    ${key}`), ''].join('\n');
  const missing = expect.stringMatching(/^:8: sinks\.k\.tls\.cert_file: cannot read .*nope\.pem: ENOENT/);
  expect(problemsOf(text)).toEqual([
    ':1: filter.prots: unknown key; did you mean ports?',
    ':3: sinks.s.format: time and timestamp are columns of the formats tcpaccept and wide',
    ':4: sinks.k: brokers is missing',
    ':4: sinks.k: topic is missing',
    ':4: sinks.k.encoding: avro needs a registry (registry.url), or use encoding: json',
    ':6: sinks.k.topc: unknown key; did you mean topic?',
    ':7: sinks.k.linger_ms: must be a whole number',
    ':8: sinks.k.tls.cert_file: a client certificate needs both cert_file and key_file',
    missing,
    ':9: the environment variable NAME is not set',
    ':9: sinks.k.client_id: must not be empty',
  ]);
});

test('defaults are filled in', () => {
  expect(load(`${kafka()}  s: { type: stdout }\n  f: { type: file, path: /f/a.avro }\n`)).toEqual({
    source: { type: 'live', ring_bytes: 8_388_608 },
    filter: {},
    sinks: {
      k: {
        type: 'kafka',
        required: false,
        brokers: ['k1:9092'],
        client_id: 'acceptstream',
        topic: 'accepts',
        key: 'none',
        encoding: 'json',
        compression: 'none',
        linger_ms: 20,
      },
      f: {
        type: 'file',
        required: false,
        path: '/f/a.avro',
        compression: 'deflate',
        rotate_bytes: 268_435_456,
        rotate_ms: 3_600_000,
        linger_ms: 100,
      },
      s: { type: 'stdout', required: false, format: 'tcpaccept', time: false, timestamp: false },
    },
  });
});

test('anchors spare writing things twice', () => {
  fileOf('ca.pem', 'any');
  const text = `${kafka('tls: &tls { ca_file: ca.pem }')}  l: { type: kafka, brokers: ["l:1"], topic: t, encoding: json, tls: *tls }\n`;
  const { k, l } = load(text).sinks;
  expect(l).toHaveProperty('tls', k && 'tls' in k ? k.tls : 'none');
});

test('control characters of a file stay harmless in messages', () => {
  const text = '"a\\nb\\e[31m": 1\nsinks: { "s\\nt": { type: "x\\r\\ny" } }\n';
  expect(problemsOf(text)).toEqual([
    ':1: a?b?[31m: unknown key; known are source, filter, sinks',
    ':2: sinks.s?t.type: must be one of stdout, file, kafka, forward',
  ]);
});
