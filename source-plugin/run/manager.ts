import { notify } from '../../native/index.js';
import { oneLine, reasonOf } from '../../schemas/error.js';
import { log } from '../log.js';

/** What a service manager sets in the environment. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The service manager that started this process, told by the protocol of sd_notify(3). Where NOTIFY_SOCKET is not set,
 * nobody is told.
 */
export class ServiceManager {
  readonly #socket: string | undefined;
  #hasMoved = false;
  readonly #watchdog: NodeJS.Timeout | undefined;

  constructor(env: Environment = process.env) {
    this.#socket = env.NOTIFY_SOCKET || undefined;
    const watchdogMs = this.#socket ? watchdogOf(env) : undefined;
    // Half of the time: one that comes late is not yet too late.
    if (watchdogMs !== undefined) this.#watchdog = setInterval(() => this.#feed(), watchdogMs / 2);
    this.#watchdog?.unref();
  }

  /** Every sink is connected: after the start, and after each reload. */
  ready(status: string): void {
    this.#tell(['READY=1', `STATUS=${oneLine(status)}`]);
  }

  /** What people see in `systemctl status`. */
  status(text: string): void {
    this.#tell([`STATUS=${oneLine(text)}`]);
  }

  /** Until the next `ready`. The time tells which READY=1 answers (Type=notify-reload). */
  reloading(): void {
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
  }

  stopping(): void {
    this.#tell(['STOPPING=1']);
  }

  /** The pipeline took a turn. The watchdog is only fed when one was taken since it was fed last. */
  moved(): void {
    this.#hasMoved = true;
  }

  close(): void {
    clearInterval(this.#watchdog);
  }

  #feed(): void {
    if (this.#hasMoved) this.#tell(['WATCHDOG=1']);
    this.#hasMoved = false;
  }

  // A manager that can't be told must not end the capture.
  #tell(lines: readonly string[]): void {
    if (this.#socket === undefined) return;
    try {
      notify(this.#socket, lines.join('\n'));
    } catch (error) {
      log.warn(`the service manager does not learn ${lines[0]}: ${reasonOf(error)}`);
    }
  }
}

/** How long (ms) it waits for a sign of life; undefined when it does not, or waits for another process. */
function watchdogOf(env: Environment): number | undefined {
  const isOurs = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid);
  const micros = Number(env.WATCHDOG_USEC ?? 0);
  return isOurs && micros > 0 ? micros / 1000 : undefined;
}
