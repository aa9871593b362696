import { type Accept, decodeAccepts, openLive } from '../../source-plugin/index.js';
import { type Outcome, type Scenario, Workload } from '../workload/workload.js';
import { until } from './until.js';

export type LiveOptions = NonNullable<Parameters<typeof openLive>[0]>;
export type Live = ReturnType<typeof openLive>;

/** A capture whose records pile up here, decoded by avsc. */
export class Observer {
  readonly live: Live;
  readonly records: Accept[] = [];
  readonly #buffer = new Uint8Array(1 << 20);

  constructor(options: LiveOptions) {
    this.live = openLive(options);
  }

  /** Takes all that is in the ring and gives its room back. */
  drain(): void {
    for (;;) {
      const { bytes, records, position } = this.live.read(this.#buffer);
      if (records === 0) return;
      this.records.push(...decodeAccepts(this.#buffer.subarray(0, bytes)));
      this.live.commit(position);
    }
  }

  /** Drains until there is a record of that kind, and returns it. */
  async find(what: string, wanted: (record: Accept) => boolean): Promise<Accept> {
    return until(
      () => `a record of ${what} among ${this.records.length}`,
      () => {
        this.drain();
        return this.records.find(wanted);
      },
    );
  }

  close(): void {
    this.live.close();
  }
}

/** What a process did, and the records of it. */
export interface Observed extends Outcome {
  readonly records: Accept[];
}

/**
 * Starts a process for each scenario, opens the capture, then lets them accept one after the other. The last
 * accept of the last one has to pass the filters: the ring is in order, so with its record all others are there.
 * It counts as a record only when the scenario has no sentinel.
 */
export async function observeAll(
  scenarios: readonly Scenario[],
  options: (processes: readonly Workload[]) => LiveOptions,
): Promise<Observed[]> {
  const processes = await startAll(scenarios);
  const observer = openFor(processes, options);
  try {
    const outcomes: Outcome[] = [];
    for (const process of processes) outcomes.push(await process.run());
    const last = lastAccept(outcomes.at(-1));
    await observer.find('the last accept', (record) => isOf(last, record));
    return outcomes.map((outcome) => ({ ...outcome, records: recordsOf(outcome, observer.records) }));
  } finally {
    observer.close();
  }
}

/** One scenario, with an ordinary accept behind it that shows when all records are there. */
export async function observe(scenario: Scenario, options: LiveOptions = {}): Promise<Observed> {
  const [observed] = await observeAll([{ ...scenario, sentinel: 1 }], () => options);
  return observed as Observed;
}

/** The record of an accept that succeeded: both sides' ports make it unique. */
export function isOf(accept: { pid: number; client_port: number; server_port: number }, record: Accept): boolean {
  return (
    record.pid === accept.pid && record.remote_port === accept.client_port && record.local_port === accept.server_port
  );
}

async function startAll(scenarios: readonly Scenario[]): Promise<Workload[]> {
  const processes: Workload[] = [];
  for (const scenario of scenarios) processes.push(await Workload.start(scenario));
  return processes;
}

function openFor(processes: readonly Workload[], options: (processes: readonly Workload[]) => LiveOptions): Observer {
  try {
    return new Observer(options(processes));
  } catch (error) {
    for (const process of processes) process.kill();
    throw error;
  }
}

function lastAccept(outcome: Outcome | undefined) {
  const last = outcome?.sentinel ?? outcome?.accepts.at(-1);
  if (!last) throw new Error('no accept to wait for');
  return last;
}

function recordsOf(outcome: Outcome, records: readonly Accept[]): Accept[] {
  const { sentinel, ready } = outcome;
  return records.filter((record) => record.pid === ready.pid && !(sentinel && isOf(sentinel, record)));
}
