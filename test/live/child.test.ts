import { expect, onTestFinished, test } from 'vitest';
import { Fifo } from '../support/fifo.js';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { runWorkload, Workload } from '../workload/workload.js';

const WELL = { code: 0, signal: null };
/** Starts a command without any stdin. */
const WITHOUT_STDIN = ['sh', '-c', 'exec "$@" <&-', 'sh'];

// What peers that run a program and read its lines rely on.
describeUnless(liveReason(), 'a child of another program', () => {
  test.for(['json', 'ecs', 'ocsf', 'otel'])(
    'with --format %s prints lines at once and nothing else',
    async (format) => {
      const fifo = new Fifo();
      onTestFinished(() => fifo.remove());
      const server = await Workload.start({});
      const args = ['--format', format, '--log-level', 'debug', '-p', `${server.ready.pid}`];
      const program = new Program(args, { stdout: fifo.writer, through: WITHOUT_STDIN });
      onTestFinished(() => program.signal('SIGKILL'));
      fifo.closeWriter();
      await until('the capture', () => program.stderr.includes('live by '));
      expect(fifo.read()).toBe('');
      const { accepts } = await server.run();
      // No other accept comes behind it that could push it out.
      await until('its line', () => fifo.read().endsWith('\n'));
      const lines = fifo.read().split('\n').slice(0, -1);
      expect(lines).toHaveLength(accepts.length);
      for (const line of lines) expect(Object.keys(JSON.parse(line)).length).toBeGreaterThan(0);
      expect(program.stderr).toMatch(/^(acceptstream: [^\n]*\n)+$/);
      fifo.closeReader();
      expect(await program.exit).toEqual(WELL);
    },
  );

  test('starts anew: another capture, numbered from 1', async () => {
    const captures = [];
    for (let run = 0; run < 2; run++) {
      const program = new Program(['--format', 'json', '--log-level', 'info']);
      await until('the capture', () => program.stderr.includes('live by '));
      const { ready } = await runWorkload({});
      await program.until('its line', (text) => text.includes(`"pid":${ready.pid},`) && text.endsWith('\n'));
      expect(await program.stop('SIGTERM')).toEqual(WELL);
      const records = program.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const first = new Map(records.reverse().map(({ cpu, sequence }) => [cpu, sequence]));
      expect([...first.values()].every((sequence) => sequence === 1)).toBe(true);
      captures.push(records[0].capture_id);
    }
    expect(new Set(captures).size).toBe(2);
  });
});
