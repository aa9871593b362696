import { type Core, loadCore } from '../../filter-core/index.js';
import { hungUp } from '../../native/index.js';
import { oneLine } from '../../schemas/error.js';
import { answer } from '../cli/answer.js';
import { usageError } from '../cli/errors.js';
import { parseArguments } from '../cli/parse.js';
import { READ, type ReadOptions } from '../cli/read-options.js';
import type { Sink } from '../contracts.js';
import { type KafkaSource, openKafkaSource } from '../kafka/source.js';
import { log, setLogLevel } from '../log.js';
import { runPipeline } from '../pipeline.js';
import { RegistryClient } from '../registry/client.js';
import { stdoutSink } from '../stdout.js';
import { stopOnSignal } from '../stop.js';
import { SuppressionReport } from '../suppression.js';
import { zoneAt } from '../zone.js';
import { type Access, loadAccess } from './access.js';
import { Notes } from './notes.js';
import { ProgressLine } from './progress.js';

const STDOUT = 1;
/** How late a closed pipe may be noticed when no record arrives. */
const WATCH_MS = 500;
const REGISTRY_WAIT_MS = 5_000;

/** `acceptstream read`. Resolves with the exit status, rejects with what failed. */
export async function readCommand(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(READ, argv);
  if ('text' in parsed) return answer(parsed);
  setLogLevel(parsed.options.logLevel);
  await new Reading(parsed.options).run();
  return 0;
}

/** One run of the command. */
class Reading {
  readonly #options: ReadOptions;
  readonly #controller = new AbortController();
  readonly #notes: Notes;
  #progress: ProgressLine | undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#notes = new Notes(options.topic, (message) => this.#warn(message));
  }

  /** Ends with the topic, a signal or a closed pipe. */
  async run(): Promise<void> {
    const { format, time, timestamp } = this.#options;
    const release = stopOnSignal(this.#controller);
    try {
      const core = await loadCore({ format, time, timestamp, zoneAt, filter: this.#options });
      const source = await this.#open(core);
      if (source) await this.#print(source, core).finally(() => source.close());
    } finally {
      release();
    }
  }

  // A broker's words are one line, whatever they hold.
  #warn(message: string): void {
    this.#progress?.erase();
    log.warn(oneLine(message));
  }

  async #open(core: Core): Promise<KafkaSource | undefined> {
    const { brokers, topic, from, follow } = this.#options;
    const { signal } = this.#controller;
    const { tls, sasl, registry } = this.#access();
    const events = {
      onWait: (message: string) => this.#warn(message),
      onSkip: this.#notes.skip.bind(this.#notes),
    };
    const schemas = new RegistryClient(registry, { onWait: events.onWait, signal, waitMs: REGISTRY_WAIT_MS });
    const access = { brokers, client_id: 'acceptstream', tls, sasl };
    try {
      return await openKafkaSource({ access, topic, from, follow, schemas, core, events, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #access(): Access & Required<Pick<Access, 'registry'>> {
    const access: Access = this.#options.access === undefined ? {} : loadAccess(this.#options.access);
    const url = this.#options.registry ?? access.registry?.url;
    if (!url) throw usageError('no registry: give --registry, or registry in the file of --access');
    return { ...access, registry: { subject_strategy: 'topic', register: false, ...access.registry, url } };
  }

  async #print(source: KafkaSource, core: Core): Promise<void> {
    const { signal } = this.#controller;
    const progress = new ProgressLine(process.stderr, () => ({ ...source.progress(), records: core.totals.received }));
    this.#progress = progress;
    const sink = above(progress, stdoutSink(STDOUT));
    const watch = setInterval(() => {
      if (hungUp(STDOUT)) this.#controller.abort();
    }, WATCH_MS);
    try {
      if (core.header.length > 0) await sink.write({ bytes: core.header, records: 0 });
      progress.start();
      await runPipeline({ source, core, sink, signal });
      await sink.close();
    } finally {
      clearInterval(watch);
      progress.end();
      this.#notes.end();
      new SuppressionReport(core, this.#options.rateLimit).end();
    }
  }
}

/** Rows and the line may be on the same terminal. */
function above(progress: ProgressLine, sink: Sink): Sink {
  return {
    write: (batch) => {
      progress.erase();
      return sink.write(batch);
    },
    close: () => sink.close(),
  };
}
