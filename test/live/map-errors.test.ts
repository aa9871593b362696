import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pins } from '../support/pinned.js';
import { runProgram } from '../support/program.js';
import { bpffsReason, describeUnless } from '../support/reasons.js';

/** What is given instead of a pinned hash map with 8-byte keys, and what the message has to say of it. */
const WRONG: readonly (readonly [string, (pins: Pins) => string, RegExp])[] = [
  ['a path that is not there', (pins) => pins.path('missing'), /No such file/],
  ['an array', (pins) => pins.createMap('array', { type: 'array', keyBytes: 4 }), /array/],
  [
    'a ring',
    (pins) => pins.createMap('ring', { type: 'ringbuf', keyBytes: 0, valueBytes: 0, entries: 4096 }),
    /ringbuf/,
  ],
  ['4-byte keys', (pins) => pins.createMap('narrow', { keyBytes: 4 }), /4-byte/],
  ['16-byte keys', (pins) => pins.createMap('wide', { keyBytes: 16 }), /16-byte/],
  ['a pinned program', (pins) => pins.createProgram('program'), /no map/],
  ['a folder of bpffs', (pins) => pins.folder, /acceptstream-test/],
  ['a file that is not in bpffs', () => '/etc/passwd', /passwd: it is not on a BPF file system/],
  ['a path with a newline', () => '/sys/fs/bpf/missing\n/path', /No such file/],
];

for (const option of ['--cgroupmap', '--mntnsmap']) {
  describeUnless(bpffsReason(), `${option} that is no map of ids`, () => {
    let pins: Pins;

    beforeAll(() => {
      pins = new Pins(option.slice(2));
    });

    afterAll(() => pins?.close());

    test.for(WRONG)('%s', async ([, make, reason]) => {
      const program = await runProgram([option, make(pins)]);
      expect({ code: program.code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
      expect(program.stderr).toMatch(/^acceptstream: [^\n]+\n$/);
      expect(program.stderr).toMatch(reason);
      expect(program.stderr).toContain(option);
    });
  });
}
