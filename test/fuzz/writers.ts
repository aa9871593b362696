import { type Core, type CoreOptions, loadCore } from '../../filter-core/index.js';
import { AcceptstreamError } from '../../schemas/error.js';
import { zoneAt } from '../filter-core/support.js';
import { Draft } from './mutate.js';
import { Random } from './random.js';
import { DatumMaker, type Json, SchemaMaker } from './schema-maker.js';
import { type Fuzz, hex, hold, type Target } from './target.js';

/** Schemas of other writers, hostile ones too, and datums of them. */
interface Input {
  readonly core: Core;
  readonly schema: { readonly is: Json };
  readonly bytes: Uint8Array;
}

const NAME = 'writers';
/** Inputs that a schema is for. */
const EACH = 16;
const ROOM = 0x10000;
const OPTIONS: readonly CoreOptions[] = [
  { format: 'avro' },
  { format: 'avro', filter: { pid: 7, ports: [80] } },
  { format: 'tcpaccept', time: true, timestamp: true, zoneAt },
  { format: 'json' },
  { format: 'otel' },
  { format: 'kafka', kafka: { partitions: 3, key: 'process', encoding: 'avro' } },
];

class WriterFuzz implements Fuzz<Input> {
  readonly #cores: readonly Core[];
  readonly #schemas: Random;
  readonly #draft = new Draft(ROOM);
  #group = -1;
  #schema: Input['schema'] = { is: undefined };
  /** What the cores have: the last schema, and whether they took it. */
  #given: Input['schema'] | undefined;
  #isTaken = false;

  constructor(cores: readonly Core[], seed: number) {
    this.#cores = cores;
    this.#schemas = new Random(seed, NAME);
  }

  get wasmBytes(): number {
    return this.#cores.reduce((sum, { input }) => sum + input.buffer.byteLength, 0);
  }

  make(random: Random, index: number): Input {
    const group = Math.floor(index / EACH);
    const schemas = this.#schemas.at(group);
    const core = schemas.pick(this.#cores);
    if (group !== this.#group) {
      this.#group = group;
      this.#schema = { is: new SchemaMaker(schemas).schema() };
    }
    this.#draft.begin();
    for (let datums = 1 + random.below(3); datums > 0; datums--) this.#addDatum(random);
    for (let edits = random.below(4); edits > 0; edits--) this.#draft.edit(random);
    return { core, schema: this.#schema, bytes: this.#draft.bytes };
  }

  #addDatum(random: Random): void {
    if (random.once(16)) this.#draft.addRandom(random, { most: 300 });
    else new DatumMaker(random, this.#draft).add(this.#schema.is);
  }

  feed({ core, schema, bytes }: Input): void {
    if (schema !== this.#given) this.#isTaken = takes(core, schema.is);
    this.#given = schema;
    if (!this.#isTaken) return;
    const before = { ...core.totals };
    core.input.set(bytes);
    let records = 0;
    try {
      for (const portion of core.portions(bytes.length)) records += portion.records;
    } catch (error) {
      if (!(error instanceof AcceptstreamError) || error.code !== 'MALFORMED') throw error;
    }
    const { received, kept, filtered, malformed } = core.totals;
    hold(kept - before.kept === records, 'the portions have what was kept');
    hold(malformed - before.malformed <= 1, 'a malformed datum is counted once');
    hold(received === kept + filtered + malformed, 'received = kept + filtered + malformed');
  }

  show({ schema, bytes }: Input): string {
    return `${JSON.stringify(schema.is)}: ${hex(bytes)}`;
  }
}

/** Whether a core reads a schema; it may refuse it in a line. */
function takes(core: Core, schema: Json): boolean {
  try {
    core.useWriterSchema(schema);
    return true;
  } catch (error) {
    if (!(error instanceof AcceptstreamError) || error.code !== 'USAGE' || /\n/.test(error.message)) throw error;
    return false;
  }
}

export const WRITERS: Target = {
  name: NAME,
  inputs: 1_000_000,
  open: async (random) => new WriterFuzz(await Promise.all(OPTIONS.map(loadCore)), random.next()),
};
