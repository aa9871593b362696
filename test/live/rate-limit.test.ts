import { expect, onTestFinished, test } from 'vitest';
import { Program } from '../support/program.js';
import { describeHooks } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';

const SECOND_US = 1_000_000;
const LIMIT = 7;
/** Some 2.5 seconds of accepts, each second with many more than the limit. */
const [COUNT, RATE] = [5000, 2000];

/** What the lines during a capture add up to, and what the last one says. */
function announced(stderr: string): { sum: number; inAll: number } {
  const lines = stderr.matchAll(/^acceptstream: rate limit: suppressed (\d+) accepts of 1 process$/gm);
  const inAll = /^acceptstream: rate limit: suppressed (\d+) accepts in all$/m.exec(stderr)?.[1];
  return { sum: [...lines].reduce((sum, [, count]) => sum + Number(count), 0), inAll: Number(inAll) };
}

const microseconds = (time: string) => Date.parse(`${time.slice(0, 23)}Z`) * 1000 + Number(time.slice(23, 26));

/** How many records each second has, one beginning with the first accept after the last. */
function perSecond(times: readonly number[]): number[] {
  const counts: number[] = [];
  let start = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    if (time - start >= SECOND_US) {
      start = time;
      counts.push(0);
    }
    counts.push((counts.pop() ?? 0) + 1);
  }
  return counts;
}

describeHooks('--rate-limit of a capture', (hook) => {
  test('keeps the first accepts of every second, and tells exactly how many it left out', async () => {
    const burst = await Burst.start({ count: COUNT, rate: RATE });
    onTestFinished(() => burst.kill());
    const limit = ['--rate-limit', `${LIMIT}/pid`, '-p', `${burst.pid}`];
    const program = new Program([...limit, '--hook', hook, '--format', 'json', '--log-level', 'info']);
    onTestFinished(() => program.signal('SIGKILL'));
    await until(
      () => program.stderr,
      () => program.stderr.includes('live by '),
    );
    await burst.run();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    const lines = program.stdout.split('\n').slice(0, -1);
    const seconds = perSecond(lines.map((line) => microseconds(JSON.parse(line).event_time)));
    // The last one may have begun with the last accepts.
    const whole = seconds.slice(0, -1);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole).toEqual(whole.map(() => LIMIT));
    expect(seconds.at(-1)).toBeLessThanOrEqual(LIMIT);
    const suppressed = COUNT - lines.length;
    expect(announced(program.stderr)).toEqual({ sum: suppressed, inAll: suppressed });
  });
});
