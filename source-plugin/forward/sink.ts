import type { ForwardConfig } from '../config/types.js';
import type { Batch, Sink } from '../contracts.js';
import { type Patience, persist, type Waiting } from '../network/patience.js';
import { packChunk } from './chunk.js';
import { AT_START, classify, type FailureKind, WHILE_CHECKING, WHILE_RUNNING } from './failures.js';
import { Link } from './link.js';

/** How long a check waits for a HELO that nobody expects. */
const LOOK_MS = 1_000;

export interface ForwardEvents {
  /** A line for the user: what is waited for, that it went on. */
  onWait(message: string): void;
  /** Aborting it ends the waiting for servers at the start. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to the first of the servers that takes a connection, and waits while none can be reached.
 *
 * A batch is safe when the server has acknowledged its chunk; until then its bytes must stay as they are. Writes go one at
 * a time. A write waits as long as servers are away, sends its chunk again under the same id, and rejects when only a
 * change of something can help.
 *
 * @throws AcceptstreamError SINK with the remedy, within seconds when the configuration is wrong.
 */
export async function openForwardSink(config: ForwardConfig, events: ForwardEvents): Promise<Sink> {
  const link = new Link(config, events.onWait);
  await opening(link, events, (waiting) => persist(() => link.connect(), { ...waiting, patience: AT_START }));
  return new ForwardSink(link, config, events);
}

/**
 * Connects as openForwardSink does, and sends nothing.
 *
 * @throws AcceptstreamError SINK with the remedy, within seconds also when no server answers.
 */
export async function checkForwardSink(config: ForwardConfig, events: ForwardEvents): Promise<void> {
  const link = new Link(config, events.onWait);
  await opening(link, events, (waiting) => persist(() => link.look(LOOK_MS), { ...waiting, patience: WHILE_CHECKING }));
  link.end();
}

type Opening = Omit<Waiting<FailureKind>, 'patience'>;

async function opening<T>(link: Link, events: ForwardEvents, work: (waiting: Opening) => Promise<T>): Promise<void> {
  const signal = events.signal ?? new AbortController().signal;
  const end = () => link.end();
  signal.addEventListener('abort', end);
  try {
    await work({ operation: 'connect to a Forward server', signal, onWait: events.onWait, classify: known });
  } catch (error) {
    link.end();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

class ForwardSink implements Sink {
  readonly #link: Link;
  readonly #config: ForwardConfig;
  readonly #waiting: Waiting<FailureKind>;
  readonly #end = new AbortController();

  constructor(link: Link, config: ForwardConfig, { onWait }: ForwardEvents) {
    this.#link = link;
    this.#config = config;
    const patience: Patience<FailureKind> = WHILE_RUNNING;
    this.#waiting = {
      operation: 'write to a Forward server',
      patience,
      signal: this.#end.signal,
      onWait,
      classify: known,
    };
  }

  async write(batch: Batch): Promise<void> {
    const chunk = await packChunk(batch, this.#config);
    await persist(() => this.#link.deliver(chunk), this.#waiting);
  }

  /** A write that waits is rejected. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#link.end();
  }
}

// What the link throws says itself what it is.
function known(error: unknown) {
  return classify(error, 'the server');
}
