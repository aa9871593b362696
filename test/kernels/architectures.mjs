/** What differs by machine, under its name in process.arch: Debian's name, the emulator that is the machine, its first serial line. */
export const ARCHITECTURES = {
  x64: {
    debian: 'amd64',
    emulator: { package: 'qemu-system-x86', program: 'qemu-system-x86_64' },
    machine: [],
    console: 'ttyS0',
  },
  arm64: {
    debian: 'arm64',
    emulator: { package: 'qemu-system-arm', program: 'qemu-system-aarch64' },
    machine: ['-machine', 'virt'],
    console: 'ttyAMA0',
  },
};
