import { describe, expect, test } from 'vitest';
import { installCommand, parseOsRelease } from '../../source-plugin/setup/distribution.mjs';
import { installTools } from '../../source-plugin/setup/system-packages.mjs';

const ALL = ['clang', 'cxx', 'cc', 'libbpf'];
const APT = 'apt-get install -y --no-install-recommends';

describe('the command for a distribution', () => {
  test.each([
    ['ID=debian\nVERSION_ID="12"', `${APT} clang g++ gcc libc6-dev libbpf-dev`],
    ['ID=ubuntu\nID_LIKE=debian', `${APT} clang g++ gcc libc6-dev libbpf-dev`],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', `${APT} clang g++ gcc libc6-dev libbpf-dev`],
    ['ID=fedora', 'dnf install -y clang gcc-c++ gcc libbpf-devel'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install -y clang gcc-c++ gcc libbpf-devel'],
    ["ID='arch'", 'pacman -S --needed clang gcc libbpf'],
    ['ID=manjaro\nID_LIKE=arch', 'pacman -S --needed clang gcc libbpf'],
    ['ID=alpine', 'apk add clang g++ gcc musl-dev libbpf-dev linux-headers'],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'zypper install -y clang gcc-c++ gcc libbpf-devel'],
    ['ID="opensuse-tumbleweed"', 'zypper install -y clang gcc-c++ gcc libbpf-devel'],
  ])('%s', (text, command) => {
    const install = installCommand(parseOsRelease(text), ALL);
    expect(install?.command.join(' ')).toBe(command);
    expect(install?.automatic).toBe(command.startsWith('apt-get'));
  });

  test('names only what is missing', () => {
    expect(installCommand({ ID: 'debian' }, ['libbpf'])?.packages).toEqual(['libbpf-dev']);
  });

  test.each([{ ID: 'nixos' }, {}])('is unknown for %j', (osRelease) => {
    expect(installCommand(osRelease, ALL)).toBeUndefined();
  });
});

test('os-release: quotes, comments and other lines', () => {
  const text = '# comment\nNAME="Some Linux"\nID=some\n\nnot an assignment\nID_LIKE=\'a b\'\nEMPTY=\n';
  expect(parseOsRelease(text)).toEqual({ NAME: 'Some Linux', ID: 'some', ID_LIKE: 'a b', EMPTY: '' });
});

describe('where packages are installed by hand', () => {
  const sudo = process.geteuid?.() === 0 ? '' : 'sudo ';
  test.each([
    [{ ID: 'fedora' }, `run this, then the same command again: ${sudo}dnf install -y clang libbpf-devel`],
    [{ ID: 'nixos' }, 'install that, then run the same command again'],
  ])('%j', async (osRelease, remedy) => {
    const message = "missing: clang with the bpf target, libbpf's headers and library";
    await expect(installTools(['clang', 'libbpf'], osRelease)).rejects.toMatchObject({ message, remedy });
  });
});
