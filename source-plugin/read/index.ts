import { type Core, loadCore } from '../../filter-core/index.js';
import { hungUp } from '../../native/index.js';
import { oneLine } from '../../schemas/error.js';
import { answer } from '../cli/answer.js';
import { parseArguments } from '../cli/parse.js';
import { READ, type ReadOptions } from '../cli/read-options.js';
import { openFileSource } from '../container/source.js';
import type { Sink, Source } from '../contracts.js';
import { log, setLogLevel } from '../log.js';
import { runPipeline } from '../pipeline.js';
import { stdoutSink } from '../stdout.js';
import { stopOnSignal } from '../stop.js';
import { SuppressionReport } from '../suppression.js';
import { zoneAt } from '../zone.js';
import { type Progress, ProgressLine } from './progress.js';

const STDOUT = 1;
/** How late a closed pipe may be noticed when no record arrives. */
const WATCH_MS = 500;

/** `acceptstream read`. Resolves with the exit status, rejects with what failed. */
export async function readCommand(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(READ, argv);
  if ('text' in parsed) return answer(parsed);
  setLogLevel(parsed.options.logLevel);
  return new Reading(parsed.options).run();
}

/** A source that knows how far it is. */
interface Opened {
  readonly source: Source & { progress(): Progress };
  /** What is to be said at the end. */
  readonly end?: () => void;
}

/** One run of the command. */
class Reading {
  readonly #options: ReadOptions;
  readonly #controller = new AbortController();
  #progress: ProgressLine | undefined;
  #status = 0;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  /** Ends with the files or the topic, a signal or a closed pipe. */
  async run(): Promise<number> {
    const { format, time, timestamp, since } = this.#options;
    const release = stopOnSignal(this.#controller);
    try {
      const filter = { ...this.#options, since: since === 'beginning' ? undefined : since };
      const core = await loadCore({ format, time, timestamp, zoneAt, filter });
      const opened = await this.#open(core);
      if (opened) await this.#print(opened, core).finally(() => opened.source.close());
    } finally {
      release();
    }
    return this.#status;
  }

  // A broker's words and a file's name are one line, whatever they hold.
  #say(level: 'warn' | 'error', message: string): void {
    this.#progress?.erase();
    log[level](oneLine(message));
  }

  async #open(core: Core): Promise<Opened | undefined> {
    const { signal } = this.#controller;
    if (this.#options.files.length > 0) return { source: await this.#openFiles(core) };
    // Only the source at hand is loaded: files need no kafkajs.
    const { openTopic } = await import('./kafka.js');
    try {
      const { source, notes } = await openTopic(this.#options, core, signal, (message) => this.#say('warn', message));
      return { source, end: () => notes.end() };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #openFiles(core: Core): ReturnType<typeof openFileSource> {
    const { files: paths, follow } = this.#options;
    const events = {
      onTorn: (message: string) => this.#say('warn', message),
      onFailure: (message: string) => {
        this.#status = 1;
        this.#say('error', message);
      },
    };
    return openFileSource({ paths, follow, core, events, signal: this.#controller.signal });
  }

  async #print({ source, end }: Opened, core: Core): Promise<void> {
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
      end?.();
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
