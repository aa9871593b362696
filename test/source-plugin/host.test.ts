import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { APP_ID, hostId } from '../../source-plugin/host.js';

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-host-'));
afterAll(() => rmSync(folder, { recursive: true }));

function machineId(content: string): string {
  const path = join(folder, 'machine-id');
  writeFileSync(path, content);
  return path;
}

test('the application id is for good: another one would rename every host', () => {
  expect(APP_ID).toBe('8f0a4d1c6b5e4c39a2d7e1506f9b3c84');
});

// openssl mac -digest SHA256 -macopt hexkey:MACHINE -in APP_ID_BYTES HMAC, its first 16 bytes; then, as
// sd_id128_get_machine_app_specific(3) says, version 4 in the 7th byte and variant 1 in the 9th.
describe.for([
  ['dddddddddddddddddddddddddddddddd', '1bd34dd4659f442aae6f0b2b1c7b6622'],
  ['0123456789abcdef0123456789abcdef', '9a3622a927e845d894cfb6ccf6bc58b6'],
] as const)('machine-id %s', ([id, expected]) => {
  test.for([`${id}\n`, id, id.toUpperCase()])('%j', (content) => {
    expect(hostId(machineId(content))).toBe(expected);
  });
});

test.for(['', '\n', 'uninitialized\n', '0123', `${'0'.repeat(33)}\n`, 'g'.repeat(32)])(
  '%j is no machine-id',
  (content) => {
    expect(hostId(machineId(content))).toBe('');
  },
);

test('without a machine-id it is empty', () => {
  expect(hostId(join(folder, 'missing'))).toBe('');
});
