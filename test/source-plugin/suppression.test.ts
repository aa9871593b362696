import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RateLimit, Suppressed } from '../../filter-core/index.js';
import { SuppressionReport } from '../../source-plugin/suppression.js';

let told: string[];

beforeEach(() => {
  told = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
});

afterEach(() => vi.restoreAllMocks());

/** A core that tells these one after the other, then that there is nothing new. */
function coreWith(news: readonly Suppressed[]) {
  const left = [...news];
  const sum = (key: 'records' | 'unlimited') =>
    news.slice(0, news.length - left.length).reduce((total, one) => total + one[key], 0);
  return {
    takeSuppressed: () => left.shift() ?? { records: 0, keys: 0, unlimited: 0 },
    get totals() {
      const counts = { received: 0, kept: 0, filtered: 0, malformed: 0 };
      return { ...counts, suppressed: sum('records'), unlimited: sum('unlimited') };
    },
  };
}

const one: Suppressed = { records: 1, keys: 1, unlimited: 0 };
const more: Suppressed = { records: 7, keys: 2, unlimited: 0 };

describe('what a rate limit did is told', () => {
  test.each<[RateLimit['key'], string, string]>([
    ['remote_address', '1 remote address', '2 remote addresses'],
    ['local_port', '1 local port', '2 local ports'],
    ['comm', '1 name', '2 names'],
    ['pid', '1 process', '2 processes'],
  ])('by %s', (key, single, several) => {
    const report = new SuppressionReport(coreWith([one, more]), { records: 1, key });
    expect([report.print(), report.print()]).toEqual([one, more]);
    expect(told).toEqual([
      `acceptstream: rate limit: suppressed 1 accept of ${single}\n`,
      `acceptstream: rate limit: suppressed 7 accepts of ${several}\n`,
    ]);
  });

  const limit: RateLimit = { records: 1, key: 'pid' };

  test('nothing when it did nothing', () => {
    const report = new SuppressionReport(coreWith([]), limit);
    report.print();
    report.end();
    expect(told).toEqual([]);
  });

  test('what passed uncounted, too', () => {
    new SuppressionReport(coreWith([{ records: 0, keys: 0, unlimited: 3 }]), limit).end();
    expect(told).toEqual([
      'acceptstream: rate limit: let 3 accepts pass uncounted, as there were too many processes\n',
    ]);
  });

  test('at the end what is left, and all of it when there was more before', () => {
    const report = new SuppressionReport(coreWith([more, one]), limit);
    report.print();
    report.end();
    expect(told.slice(1)).toEqual([
      'acceptstream: rate limit: suppressed 1 accept of 1 process\n',
      'acceptstream: rate limit: suppressed 8 accepts in all\n',
    ]);
  });

  test('at the end once, when that is all there was', () => {
    new SuppressionReport(coreWith([more]), limit).end();
    expect(told).toEqual(['acceptstream: rate limit: suppressed 7 accepts of 2 processes\n']);
  });
});
