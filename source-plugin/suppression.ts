import type { Core, RateLimit, Suppressed } from '../filter-core/index.js';
import { log } from './log.js';

const KEYS: Readonly<Record<RateLimit['key'], readonly [one: string, many: string]>> = {
  remote_address: ['remote address', 'remote addresses'],
  local_port: ['local port', 'local ports'],
  comm: ['name', 'names'],
  pid: ['process', 'processes'],
};

function counted(count: number, [one, many]: readonly [string, string]): string {
  return `${count} ${count === 1 ? one : many}`;
}

function say({ records, keys, unlimited }: Suppressed, names: readonly [one: string, many: string]): void {
  const accepts = (count: number) => counted(count, ['accept', 'accepts']);
  if (records > 0) log.report(`rate limit: suppressed ${accepts(records)} of ${counted(keys, names)}`);
  if (unlimited > 0)
    log.report(`rate limit: let ${accepts(unlimited)} pass uncounted, as there were too many ${names[1]}`);
}

/** Says on stderr, at every level, what a rate limit did since it last said so. */
export class SuppressionReport {
  readonly #core: Pick<Core, 'takeSuppressed' | 'totals'>;
  readonly #limit: RateLimit | undefined;

  constructor(core: Pick<Core, 'takeSuppressed' | 'totals'>, limit: RateLimit | undefined) {
    this.#core = core;
    this.#limit = limit;
  }

  print(): Suppressed {
    const news = this.#core.takeSuppressed();
    if (this.#limit) say(news, KEYS[this.#limit.key]);
    return news;
  }

  /** The rest, and what was said before with it. */
  end(): void {
    const { records } = this.print();
    const { suppressed } = this.#core.totals;
    if (suppressed > records) log.report(`rate limit: suppressed ${counted(suppressed, ['accept', 'accepts'])} in all`);
  }
}
