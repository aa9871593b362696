import { expect, test } from 'vitest';
import { mirrorsOf } from './debian.mjs';

const PUBLIC = { main: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' };

const STANZAS = `Types: deb
# The mirror next door
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb deb-src
URIs: http://mirror.test/security/
Suites: bookworm-security
Components: main
`;

test.each([
  ['nothing', { lists: [], stanzas: [] }, PUBLIC],
  [
    'stanzas',
    { lists: [], stanzas: [STANZAS] },
    { main: 'http://mirror.test/debian', security: 'http://mirror.test/security/' },
  ],
  [
    'lines',
    {
      lists: [
        '# deb http://off.test/debian bookworm main\ndeb-src http://src.test/debian bookworm main\n',
        'deb [arch=amd64 signed-by=/k.gpg] http://one.test/debian trixie main\ndeb http://two.test/s trixie-security main\n',
      ],
      stanzas: [],
    },
    { main: 'http://one.test/debian', security: 'http://two.test/s' },
  ],
  ['others\u2019 packages', { lists: ['deb https://apt.test/node nodistro main\n'], stanzas: [] }, PUBLIC],
  ['what is switched off', { lists: [], stanzas: [STANZAS.replaceAll('Types', 'Enabled: no\nTypes')] }, PUBLIC],
  [
    'no security updates',
    { lists: ['deb http://one.test/debian sid main\n'], stanzas: [] },
    { ...PUBLIC, main: 'http://one.test/debian' },
  ],
])('a host with %s', (_, sources, mirrors) => {
  expect(mirrorsOf(sources)).toEqual(mirrors);
});
