import { type Core, loadCore } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { Container } from '../../source-plugin/container/container.js';
import { CODECS } from '../../source-plugin/container/header.js';
import { ContainerWriter } from '../../source-plugin/container/writer.js';
import { datumOf } from '../source-plugin/memory-source.js';
import type { Random } from './random.js';
import { type Fuzz, hex, hold, type Target } from './target.js';

/** Recordings that are cut, and some in which bytes are others. */
interface Input {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

const BLOCKS = 3;
const EACH = 4;
const RECORDS = BLOCKS * EACH;
const DATUMS = Array.from({ length: RECORDS }, (_, sequence) => datumOf({ sequence }));
const ALL = Buffer.concat(DATUMS);

class ContainerFuzz implements Fuzz<Input> {
  readonly #core: Core;
  readonly #files: readonly Buffer[];

  constructor(core: Core, files: readonly Buffer[]) {
    this.#core = core;
    this.#files = files;
  }

  get wasmBytes(): number {
    return this.#core.input.buffer.byteLength;
  }

  make(random: Random): Input {
    const bytes = Buffer.from(random.pick(this.#files));
    const changes = random.below(4);
    for (let left = changes; left > 0; left--) bytes[random.below(bytes.length)] = random.next();
    return { bytes: random.once(2) ? bytes.subarray(0, random.below(bytes.length)) : bytes, isWhole: changes === 0 };
  }

  async feed({ bytes, isWhole }: Input): Promise<void> {
    const filled = { target: this.#core.input, bytes: 0, records: 0 };
    const isRead = await reads(bytes, this.#core, filled);
    hold(filled.records <= RECORDS, `${filled.records} records of ${RECORDS}`);
    hold(filled.bytes <= filled.target.length, 'the input takes what was filled in');
    if (!isWhole) return;
    hold(isRead, 'a recording that is only cut is no wrong one');
    const start = DATUMS.slice(0, filled.records).reduce((sum, { length }) => sum + length, 0);
    hold(filled.bytes === start && ALL.subarray(0, start).equals(filled.target.subarray(0, start)), 'it is the start');
  }

  show({ bytes }: Input): string {
    return `recording: ${hex(bytes)}`;
  }
}

/** Whether a recording is read to its end, or to where it is cut off; one that is wrong is told. */
async function reads(bytes: Buffer, core: Core, filled: { target: Uint8Array; bytes: number; records: number }) {
  const read = async (target: Uint8Array, position: number) => bytes.copy(target, 0, position);
  const input = { isFile: true, read, size: () => bytes.length, isSame: () => true, close: async () => {} };
  try {
    await new Container(input, core).fill(filled);
    return true;
  } catch (error) {
    if (error instanceof AcceptstreamError && ['MALFORMED', 'USAGE'].includes(error.code)) return false;
    throw error;
  }
}

async function fileOf(codec: (typeof CODECS)[number]): Promise<Buffer> {
  const writer = new ContainerWriter(codec, Buffer.alloc(16, 0xa5));
  const parts: Uint8Array[] = [writer.header];
  for (let block = 0; block < BLOCKS; block++) {
    const bytes = Buffer.concat(DATUMS.slice(block * EACH, (block + 1) * EACH));
    parts.push(...(await writer.block({ bytes, records: EACH })));
  }
  return Buffer.concat(parts);
}

export const CONTAINERS: Target = {
  name: 'containers',
  inputs: 50_000,
  open: async () => new ContainerFuzz(await loadCore({ format: 'avro' }), await Promise.all(CODECS.map(fileOf))),
};
