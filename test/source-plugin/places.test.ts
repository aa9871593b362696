import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { AcceptstreamError } from '../../schemas/error.js';
import { cgroupPath, netnsInode, warnOfAbsent } from '../../source-plugin/places.js';
import { cgroup2Mount } from '../support/cgroup.js';
import { describeUnless } from '../support/reasons.js';

const mount = cgroup2Mount() ?? '';
const isInitial = readlinkSync('/proc/self/ns/cgroup') === 'cgroup:[4026531835]';
const own = statSync('/proc/self/ns/net').ino;

function refused(resolve: () => unknown, message: RegExp): void {
  expect(resolve).toThrow(AcceptstreamError);
  expect(resolve).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }));
}

describe('the path of a cgroup', () => {
  test.each(['system.slice', '', ' /a', '/a/../b', '/.', '/..', `/${'a'.repeat(1024)}`, '/a\0'])('%j is none', (text) =>
    refused(() => cgroupPath(text), /^\P{Cc}* is no cgroup: cgroups are paths from the root /u),
  );

  test.each(['/', '//', '///'])('%j is the root', (text) => expect(cgroupPath(text)).toBe('/'));
});

describeUnless(mount && isInitial ? '' : 'needs cgroup2 and the first namespace of cgroups', 'cgroups here', () => {
  const child = readdirSync(mount || '/', { withFileTypes: true }).find((entry) => entry.isDirectory())?.name;

  test.each([['', '/'], ...(child ? [[`/${child}`, `/${child}`]] : [])])(
    'where they are mounted may stand in front: %j',
    (path, expected) => {
      expect(cgroupPath(`${mount}${path}`)).toBe(expected);
      expect(cgroupPath(`${mount}//${path}/`)).toBe(expected);
      expect(cgroupPath(`${path}/`)).toBe(expected);
    },
  );

  test.each(['/acceptstream none', '/cgroup.procs', '/cgroup.procs/a'])('%j is not there, and told', (path) => {
    const told: string[] = [];
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    warnOfAbsent(['/', cgroupPath(join(mount, path)), cgroupPath(path), ...(child ? [`/${child}`] : [])]);
    stderr.mockRestore();
    const line = `acceptstream: there is no cgroup ${path} in ${mount} yet: its accepts are captured as soon as there is one\n`;
    expect(told).toEqual([line, line]);
  });

  test('one whose name breaks lines is told in one', () => {
    const told: string[] = [];
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    warnOfAbsent([cgroupPath('/a\nb')]);
    stderr.mockRestore();
    expect(told).toEqual([expect.stringContaining(' /a?b ')]);
  });
});

describe('the inode of a network namespace', () => {
  test('is that of a file, or a number', () => {
    expect(netnsInode('/proc/self/ns/net')).toBe(own);
    expect(netnsInode(String(own))).toBe(own);
    expect(netnsInode('4294967295')).toBe(4294967295);
  });

  test.each(['', 'blue', '-1', '1.5', '0x10', ' 1', '4294967296', '/etc/passwd', '/proc/self/ns/mnt', '/proc'])(
    '%j is none',
    (text) => refused(() => netnsInode(text), /is no network namespace: .* inode numbers or paths/),
  );

  test.each(['/run/netns/none of ours', '/proc/self/ns/net/x', '/a\nb'])('%j is not there', (path) => {
    expect(existsSync(path)).toBe(false);
    refused(() => netnsInode(path), /^cannot find network namespace \P{Cc}*; ip netns lists names$/u);
  });
});
