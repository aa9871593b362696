import { ACCEPT_FIELDS } from '../schemas/accept.js';
import { AcceptstreamError } from '../schemas/error.js';
import type { Filter } from './filter.js';
import { headerOf, isTable, type TextFormat } from './formats.js';
import { type Block, type KafkaBlocks, readBlocks, setBlocks } from './kafka.js';
import { type CoreModule, instantiateCore } from './module.js';
import { checkOptions, checkZone } from './options.js';
import { type Plan, planFor, type Step, type StepKind, unknownOf } from './plan.js';
import { RateState, type Suppressed } from './rate.js';
import { setFilter } from './tables.js';

export { type Filter, type Ports, RATE_KEYS, type RateKey, type RateLimit } from './filter.js';
export { isTable, TEXT_FORMATS, type TextFormat } from './formats.js';
export { type Block, KAFKA_KEYS, type KafkaBlocks, type KafkaKey } from './kafka.js';
export type { Suppressed } from './rate.js';

/** Lines of text, Avro datums as they came, entries of Fluent's Forward protocol, or blocks of Kafka records. */
export type Format = TextFormat | 'avro' | 'forward' | 'kafka';

/** Offset from UTC that holds from `from` (inclusive) until `until` (exclusive), µs since the epoch. */
export interface Zone {
  readonly from: number;
  readonly until: number;
  readonly offsetSeconds: number;
}

export interface CoreOptions {
  readonly format: Format;
  /** tcpaccept's -T: a column with the local time of the accept. */
  readonly time?: boolean;
  /** tcpaccept's -t: a column with the seconds since the first record that was kept. */
  readonly timestamp?: boolean;
  readonly filter?: Filter;
  /** The zone in force at an instant (µs since the epoch); asked again when a record leaves it. Needed with `time`. */
  readonly zoneAt?: (instant: number) => Zone;
  /** Needed with the format kafka. */
  readonly kafka?: KafkaBlocks;
  /** Avro schema (parsed JSON) the datums were written with; default: schemas/accept.avsc. */
  readonly writerSchema?: unknown;
}

/** Kept records: lines of text, Avro datums, Forward entries or Kafka records back to back. */
export interface Portion {
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Of the format kafka: the same bytes, one block for each partition that gets records. */
  readonly blocks?: readonly Block[];
}

/** Counts since the core was loaded: received = kept + filtered + malformed. */
export interface CoreTotals {
  readonly received: number;
  readonly kept: number;
  /** Suppressed ones included. */
  readonly filtered: number;
  readonly malformed: number;
  /** Over the rate limit. */
  readonly suppressed: number;
  /** Kept although the rate limit had no place left to count them. */
  readonly unlimited: number;
}

/** Datums that stand at the start of some bytes, and what is behind them. */
export interface Measured {
  readonly records: number;
  /** The byte behind them. */
  readonly end: number;
  /** `start` of a datum that is cut off, bytes that are none, or nothing that was asked for. */
  readonly behind: 'nothing' | 'start' | 'none';
}

export interface Core {
  /** Input buffer in WASM memory; a source writes whole datums from its start. Stays valid for the core's life. */
  readonly input: Uint8Array;
  /** Header line with its newline; empty but for tcpaccept and wide. */
  readonly header: Uint8Array;
  /** Longest datum that `measure` counts. */
  readonly datumBytesMax: number;
  readonly totals: CoreTotals;
  /**
   * Runs over input[0, bytes). Each portion's bytes are a view that the next step overwrites.
   *
   * @throws AcceptstreamError MALFORMED, naming the offset, at bytes that are no datum; what was read before them has
   * been yielded, what follows is not read. USAGE when `zoneAt` answers a zone without the instant it was asked for.
   * A consumer that ends before the last portion, as one that failed does, may give the same bytes again: the rate limit
   * has not counted them.
   */
  portions(bytes: number): Generator<Portion, void>;
  /** What the rate limit did since the last call. */
  takeSuppressed(): Suppressed;
  /** Whether input[from, to) is one datum of the writer schema and nothing else. */
  isDatum(from: number, to: number): boolean;
  /**
   * Counts the datums that input[from, to) starts with, up to `most`; none may be longer than `datumBytesMax`. Keeps no
   * count of its own.
   */
  measure(from: number, to: number, most: number): Measured;
  /**
   * Reads datums of another writer schema (parsed JSON) from the next call of `portions` on; TIME(s) and the totals
   * count on.
   *
   * @throws AcceptstreamError USAGE when the schema can't be used; the former one stays.
   */
  useWriterSchema(schema: unknown): void;
}

function setFormat(module: CoreModule, { format, time = false, timestamp = false }: CoreOptions): void {
  if (isTable(format)) module.setTable(format === 'wide', time, timestamp);
  if (format === 'json') module.setLines(module.JSON.value);
  if (format === 'ecs') module.setLines(module.ECS.value);
  if (format === 'ocsf') module.setLines(module.OCSF.value);
  if (format === 'otel') module.setLines(module.OTEL.value);
  if (format === 'forward') module.setLines(module.FORWARD.value);
}

function setPlan(module: CoreModule, { steps, parts }: Plan): void {
  const [most, mostParts] = [module.PLAN_FIELDS.value, module.PARTS_MAX.value];
  if (steps.length > most || parts.length > mostParts) {
    const limit = steps.length > most ? `${most} fields` : `${mostParts} types in its fields`;
    throw new AcceptstreamError('USAGE', 'writerSchema', `the writer schema has over ${limit}`);
  }
  ACCEPT_FIELDS.forEach((field, slot) => {
    module.setUnknown(slot, unknownOf(field));
  });
  storeSteps(module, module.PLAN.value, steps);
  storeSteps(module, module.PARTS.value, parts);
  module.setPlan(steps.length);
}

function storeSteps(module: CoreModule, address: number, steps: readonly Step[]): void {
  steps.forEach(({ kind, slot, operand, parts }, index) => {
    const view = new DataView(module.memory.buffer, address + index * module.STEP_BYTES.value);
    view.setUint8(0, module[kind.toUpperCase() as Uppercase<StepKind>].value);
    view.setUint16(2, parts ?? slot ?? module.NO_SLOT.value, true);
    view.setInt32(4, operand ?? 0, true);
  });
}

class WasmCore implements Core {
  readonly input: Uint8Array;
  readonly header: Uint8Array;
  readonly datumBytesMax: number;
  readonly totals = { received: 0, kept: 0, filtered: 0, malformed: 0, suppressed: 0, unlimited: 0 };
  readonly #module: CoreModule;
  readonly #output: Uint8Array;
  readonly #zoneAt: CoreOptions['zoneAt'];
  readonly #inBlocks: boolean;
  readonly #format: string;
  readonly #rates: RateState | undefined;

  constructor(module: CoreModule, options: CoreOptions) {
    this.#module = module;
    this.datumBytesMax = module.DATUM_MAX.value;
    this.#zoneAt = options.zoneAt;
    this.#format = options.format;
    this.#inBlocks = options.format === 'kafka';
    this.#rates = options.filter?.rateLimit && new RateState(module);
    this.#output = new Uint8Array(module.memory.buffer, module.OUTPUT.value, module.OUTPUT_BYTES.value);
    this.input = new Uint8Array(module.memory.buffer, module.INPUT.value, module.INPUT_BYTES.value);
    this.header = new TextEncoder().encode(headerOf(options.format, options));
  }

  *portions(bytes: number): Generator<Portion, void> {
    if (!this.#rates) return yield* this.#portions(bytes);
    this.#rates.keep();
    let isAbandoned = true;
    try {
      yield* this.#portions(bytes);
      isAbandoned = false;
    } catch (error) {
      isAbandoned = false;
      throw error;
    } finally {
      if (isAbandoned) Object.assign(this.totals, this.#rates.restore());
    }
  }

  takeSuppressed(): Suppressed {
    return this.#rates?.take() ?? { records: 0, keys: 0, unlimited: 0 };
  }

  *#portions(bytes: number): Generator<Portion, void> {
    const module = this.#module;
    let status = module.OUTPUT_FULL.value;
    let position = 0;
    while (status !== module.DONE.value) {
      status = module.run(position, bytes);
      position = module.position.value;
      // Read before the yield: the consumer may run this core again.
      const instant = module.instant.value;
      const portion = this.#count();
      if (portion.records > 0) yield portion;
      if (status === module.MALFORMED_INPUT.value) throw this.#malformed(position);
      if (status === module.TOO_LONG.value) throw this.#tooLong(position);
      if (status === module.ZONE_LEFT.value) this.#enterZone(instant);
    }
  }

  measure(from: number, to: number, most: number): Measured {
    const module = this.#module;
    const found = module.measure(from, to, Math.min(most, 2 ** 31 - 1));
    const behind = found === module.WHOLE.value ? 'nothing' : found === module.CUT.value ? 'start' : 'none';
    return { records: module.received.value, end: module.position.value, behind };
  }

  isDatum(from: number, to: number): boolean {
    return this.#module.isDatum(from, to) !== 0;
  }

  useWriterSchema(schema: unknown): void {
    setPlan(this.#module, planFor(schema));
  }

  #count(): Portion {
    const records = this.#module.kept.value;
    const received = this.#module.received.value;
    this.totals.received += received;
    this.totals.kept += records;
    this.totals.filtered += received - records;
    Object.assign(this.totals, this.#rates?.totals);
    const portion = { bytes: this.#output.subarray(0, this.#module.written.value), records };
    return this.#inBlocks ? { ...portion, blocks: readBlocks(this.#module, this.#output) } : portion;
  }

  #malformed(offset: number): AcceptstreamError {
    const what = `malformed input at byte ${offset}: no datum of the writer schema starts there`;
    return this.#refused(`${what}; check that the records were written with that schema`);
  }

  #tooLong(offset: number): AcceptstreamError {
    const what = `record too long at byte ${offset}: format ${this.#format} takes`;
    return this.#refused(`${what} records of up to ${this.#module.longest()} bytes; take another, or filter it out`);
  }

  #refused(message: string): AcceptstreamError {
    this.totals.received += 1;
    this.totals.malformed += 1;
    return new AcceptstreamError('MALFORMED', 'decode', message);
  }

  #enterZone(instant: number): void {
    const { from, until, offsetSeconds } = checkZone(this.#zoneAt?.(instant), instant);
    this.#module.setZone(from, until, offsetSeconds);
  }
}

/**
 * Loads a core with memory and state of its own.
 *
 * @throws AcceptstreamError USAGE when an option or the writer schema can't be used.
 */
export async function loadCore(options: CoreOptions): Promise<Core> {
  checkOptions(options);
  const plan = planFor(options.writerSchema);
  const module = await instantiateCore();
  setFormat(module, options);
  if (options.kafka) setBlocks(module, options.kafka);
  setFilter(module, options.filter ?? {});
  // Behind the others: the plan passes over what they don't need.
  setPlan(module, plan);
  return new WasmCore(module, options);
}
