import { arm64Parts } from './arm64/parts.mjs';

/**
 * What differs by machine: Debian's name of it; the emulator that is the machine, the first serial line it has; and
 * what its guests have in place of this host's programs: `parts(root, scratch)` resolves with options of systemArchive
 * and agentArchive.
 */
const X64 = {
  debian: 'amd64',
  emulator: { package: 'qemu-system-x86', program: 'qemu-system-x86_64' },
  machine: ['-cpu', 'max'],
  console: 'ttyS0',
  parts: async () => ({}),
};

const ARM64 = {
  debian: 'arm64',
  emulator: { package: 'qemu-system-arm', program: 'qemu-system-aarch64' },
  // Pointers are signed by a hash that the emulator has time for. With SVE and SME Node.js crashed now and then on kernel 6.1.
  machine: ['-machine', 'virt', '-cpu', 'max,pauth-impdef=on,sve=off,sme=off'],
  console: 'ttyAMA0',
  parts: arm64Parts,
};

/** The machine of a series by its name: `6.1` is x86-64, `arm64-6.1` arm64. */
export const architectureOf = (series) => (series.startsWith('arm64-') ? ARM64 : X64);
/** Of `arm64-6.1` 6.1. */
export const versionOf = (series) => series.replace(/^arm64-/, '');
