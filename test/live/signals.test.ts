import { expect, onTestFinished, test } from 'vitest';
import { Fifo } from '../support/fifo.js';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const AT_ONCE_MS = 1000;

function isStopped(program: Program): boolean {
  return program.status('State')[0] === 'T';
}

/** Whether a thread is in write(1, ...), which has number 1 or 64. */
function isWriting(program: Program): boolean {
  return program.systemCalls().some((call) => /^(1|64) 0x1 /.test(call));
}

function isNonePending(program: Program): boolean {
  return [...program.status('SigPnd'), ...program.status('ShdPnd')].every((mask) => /^0+$/.test(mask));
}

describeUnless(liveReason(), 'signals', () => {
  test.for(SIGNALS)('%s prints what is in the ring and ends well', async (signal) => {
    const count = 5000;
    const burst = await Burst.start({ count });
    const program = await Program.live(['-p', `${burst.pid}`]);
    program.signal('SIGSTOP');
    await until('the program stands still', () => isStopped(program));
    await burst.run();
    program.signal(signal);
    program.signal('SIGCONT');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.rows).toHaveLength(count);
    expect(program.stderr).toBe('');
  });

  test.for(SIGNALS)('%s ends it well when there was nothing', async (signal) => {
    const program = await Program.live(['-P', '9']);
    expect(await program.stop(signal)).toEqual({ code: 0, signal: null });
    expect(program.rows).toEqual([]);
    expect(program.stderr).toBe('');
  });

  test('a second signal ends it at once, also when stdout is blocked', async () => {
    const fifo = new Fifo();
    onTestFinished(() => fifo.remove());
    const burst = await Burst.start({ count: 3000 });
    const program = new Program(['-p', `${burst.pid}`], { stdout: fifo.writer });
    onTestFinished(() => program.signal('SIGKILL'));
    fifo.closeWriter();
    await until('the header in the pipe', () => fifo.read() !== '');
    await burst.run();
    await until('a write that is blocked', () => isWriting(program));
    program.signal('SIGINT');
    await until('the first signal is taken', () => isNonePending(program));
    expect(program.hasExited).toBe(false);
    const second = performance.now();
    program.signal('SIGTERM');
    const { code, signal } = await program.exit;
    expect(performance.now() - second).toBeLessThan(AT_ONCE_MS);
    expect([code, signal]).toEqual([null, 'SIGTERM']);
    expect(program.stderr).toBe('');
  });
});
