import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Portion } from '../../filter-core/index.js';
import type { Accept } from '../../schemas/accept.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { anyAccept } from '../filter-core/support.js';
import { type Decoded, decodeAccept, decodeAccepts } from '../reference/datum.js';
import { kept } from '../reference/filter.js';
import { acceptOf, acceptType } from '../source-plugin/memory-source.js';
import { Draft, type Sample } from './mutate.js';
import type { Random } from './random.js';
import { loadShapes, type Shape } from './shapes.js';
import { type Fuzz, hex, hold, type Target } from './target.js';

/** Datums in the order of our schema, whole and spoiled, in every format. */
interface Input {
  readonly shape: Shape;
  readonly bytes: Uint8Array;
  /** Whether it is held against plain TypeScript, which takes a hundred times as long. */
  readonly isCompared: boolean;
}

const SAMPLES = 400;
const COMPARED_EACH = 64;
/** So many of the inputs fill the core's own. */
const LARGE_EACH = 8192;
const RANDOM_MOST = 600;
const SMALL_BYTES = 0x8000;
/** What a line has more than its datum may make a longer one too long for the output. */
const ALWAYS_FITS = 20_000;

function sample(record: Accept): Sample {
  const bytes = acceptType.toBuffer(record);
  const { parts, end } = decodeAccept(bytes, 0) ?? { parts: [], end: 0 };
  return { bytes, parts: [...parts, end] };
}

class DatumFuzz implements Fuzz<Input> {
  readonly #shapes: readonly Shape[];
  readonly #samples: readonly Sample[];
  readonly #draft: Draft;

  constructor(shapes: readonly Shape[], samples: readonly Sample[], capacity: number) {
    this.#shapes = shapes;
    this.#samples = samples;
    this.#draft = new Draft(capacity);
  }

  get wasmBytes(): number {
    return this.#shapes.reduce((sum, { core }) => sum + core.input.buffer.byteLength, 0);
  }

  make(random: Random, index: number): Input {
    const draft = this.#draft;
    draft.begin();
    if (index % LARGE_EACH === LARGE_EACH - 1) this.#addMany(random);
    else if (random.once(8)) draft.addRandom(random, { most: RANDOM_MOST });
    else this.#addFew(random);
    for (let edits = random.below(4); edits > 0; edits--) draft.edit(random);
    return { shape: random.pick(this.#shapes), bytes: draft.bytes, isCompared: index % COMPARED_EACH === 0 };
  }

  #addFew(random: Random): void {
    for (let datums = 1 + random.below(3); datums > 0; datums--) {
      if (random.once(2)) this.#draft.addSpoiled(random, random.pick(this.#samples));
      else this.#draft.add(random.pick(this.#samples).bytes);
    }
  }

  #addMany(random: Random): void {
    for (;;) {
      const { bytes } = random.pick(this.#samples);
      if (this.#draft.bytes.length + bytes.length > this.#draft.capacity) return;
      this.#draft.add(bytes);
    }
  }

  feed({ shape, bytes, isCompared }: Input): void {
    const { core } = shape;
    const before = { ...core.totals };
    core.input.set(bytes);
    const values: unknown[] = [];
    let records = 0;
    let bad = -1;
    try {
      for (const portion of core.portions(bytes.length)) {
        records += portion.records;
        checkPortion(shape, portion);
        if (isCompared) values.push(shape.read(portion));
      }
    } catch (error) {
      bad = offsetIn(error);
    }
    const { received, kept, filtered, malformed } = core.totals;
    hold(malformed - before.malformed === Number(bad >= 0), 'a malformed datum is counted once');
    hold(received === kept + filtered + malformed, 'received = kept + filtered + malformed');
    hold(kept - before.kept === records, 'the portions have what was kept');
    hold(bad < bytes.length, 'a malformed datum starts within the bytes');
    if (isCompared) compare(shape, bytes, { values, bad, received: received - before.received });
  }

  show({ shape, bytes }: Input): string {
    return `${shape.name}: ${hex(bytes)}`;
  }
}

function checkPortion({ options }: Shape, { bytes, records }: Portion): void {
  hold(records > 0, 'a portion has records');
  if (['avro', 'forward', 'kafka'].includes(options.format)) return;
  hold(bytes[bytes.length - 1] === 0x0a, 'a portion ends with a newline');
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines++;
  hold(lines === records, `${records} records are ${lines} lines`);
}

/** The offset that an error names; only the error for bytes that are no datum may come. */
function offsetIn(error: unknown): number {
  if (!(error instanceof AcceptstreamError) || error.code !== 'MALFORMED') throw error;
  return Number(/ byte (\d+):/.exec(error.message)?.[1]);
}

interface Found {
  readonly values: readonly unknown[];
  /** Offset of the datum that is none, -1 without one. */
  readonly bad: number;
  readonly received: number;
}

function compare(shape: Shape, bytes: Uint8Array, { values, bad, received }: Found): void {
  const { datums, end } = decodeAccepts(bytes);
  const stop = bad < 0 ? bytes.length : bad;
  const read = datums.filter((datum) => datum.end <= stop);
  const next = datums[read.length];
  const isTooLong = next !== undefined && next.end - stop > ALWAYS_FITS;
  hold(isTooLong || end === stop, `the core reads up to ${stop}, the reference up to ${end}`);
  hold(read.length === received - Number(bad >= 0), `the core reads ${received} datums, the reference ${read.length}`);
  checkPlain(bytes, read);
  if (values.length > 1 || !read.every(({ isPlain }) => isPlain)) return;
  compareText(shape, bytes, { read, value: values[0] });
}

function compareText(
  shape: Shape,
  bytes: Uint8Array,
  { read, value }: { readonly read: readonly Decoded[]; readonly value: unknown },
): void {
  const starts = new Map(read.map(({ record }, index) => [record, read[index - 1]?.end ?? 0]));
  const records = kept(
    read.map(({ record }) => record),
    shape.options.filter ?? {},
  );
  const whole = new Map(read.map(({ record, end }) => [record, bytes.subarray(starts.get(record), end)]));
  const datums = records.map((record) => whole.get(record) ?? new Uint8Array());
  const expected = records.length > 0 ? shape.expected(records, datums) : undefined;
  hold(isDeepStrictEqual(value, expected), `${JSON.stringify(value)} should be ${JSON.stringify(expected)}`);
}

/** What plain TypeScript reads, avsc reads too. */
function checkPlain(bytes: Uint8Array, read: readonly Decoded[]): void {
  read.forEach(({ record, end, isPlain }, index) => {
    const start = read[index - 1]?.end ?? 0;
    const theirs = isPlain && acceptType.fromBuffer(Buffer.from(bytes.subarray(start, end)));
    hold(!isPlain || isDeepStrictEqual({ ...theirs }, record), `avsc reads ${JSON.stringify(theirs)}`);
  });
}

export const DATUMS: Target = {
  name: 'datums',
  inputs: 9_200_000,
  async open(random) {
    const shapes = await loadShapes();
    const records = fc.sample(anyAccept, { seed: random.next(), numRuns: SAMPLES });
    const samples = [acceptOf(), ...records].map(sample).filter(({ bytes }) => bytes.length < SMALL_BYTES / 8);
    return new DatumFuzz(shapes, samples, shapes[0]?.core.input.length ?? SMALL_BYTES);
  },
};
