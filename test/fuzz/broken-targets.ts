import { type Fuzz, hex, hold, type Target } from './target.js';

// Targets that break what the fuzzer watches for, each at a known input.

type Feed = (input: Uint8Array, index: number) => void;

const kept: unknown[] = [];
let wasmBytes = 0x10000;

function broken(name: string, feed: Feed): Target {
  let index = 0;
  const fuzz: Fuzz<Uint8Array> = {
    make: (random, number) => {
      index = number;
      return Uint8Array.of(number >> 8, number, random.next());
    },
    feed: (input) => feed(input, index),
    show: (input) => `bytes ${hex(input)}`,
    get wasmBytes() {
      return wasmBytes;
    },
  };
  return { name, inputs: 2000, open: async () => fuzz };
}

function spin(): void {
  for (;;);
}

export const TARGETS: readonly Target[] = [
  broken('well', () => {}),
  broken('traps', (_input, index) => hold(index < 1234, 'unreachable')),
  broken('hangs', (_input, index) => (index < 50 ? undefined : spin())),
  broken('grows', () => {
    kept.push(new Array(4000).fill(kept.length));
  }),
  broken('pages', (_input, index) => {
    if (index === 1000) wasmBytes *= 2;
  }),
];
