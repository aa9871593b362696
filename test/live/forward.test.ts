import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventTime, FluentServer } from '@fluent-org/logger';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { Accept } from '../../source-plugin/index.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';

const COUNT = 500;
const KEY = 'the shared key';

const folder = mkdtempSync(join(tmpdir(), 'acceptstream-forward-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(sink: object, filter = {}): string {
  const path = join(folder, 'run.yaml');
  writeFileSync(path, JSON.stringify({ filter, sinks: { fluent: { type: 'forward', ...sink } } }));
  chmodSync(path, 0o644);
  return path;
}

describeUnless(liveReason(), 'acceptstream run to a Forward server', () => {
  test('accepts arrive, those in the ring at the end too; --check sends none', async () => {
    const security = { serverHostname: 'receiver', sharedKey: KEY, authorize: false, userDict: {} };
    const server = new FluentServer({ security, listenOptions: { host: '127.0.0.1', port: 0 } });
    const entries: [string, EventTime, Accept][] = [];
    server.on('entry', (...entry: [string, EventTime, Accept]) => entries.push(entry));
    await server.listen();
    onTestFinished(() => server.close());
    const burst = await Burst.start({ count: COUNT, threads: 2 });
    const servers = [`127.0.0.1:${server.port}`];
    const path = fileOf({ servers, shared_key: KEY, compression: 'gzip' }, { pid: burst.pid });

    const summary = `fluent: Forward entries (tag acceptstream.accept, shared key) to ${servers}\n`;
    const checked = await runProgram(['run', '--check', path]);
    expect({ code: checked.code, tells: checked.stderr.includes(summary) }, checked.stderr).toEqual({
      code: 0,
      tells: true,
    });
    expect(entries).toEqual([]);

    const program = new Program(['run', path]);
    onTestFinished(() => program.signal('SIGKILL'));
    await until(
      () => program.stderr,
      () => program.stderr.includes(summary),
    );
    program.signal('SIGSTOP');
    const { count } = await burst.run();
    program.signal('SIGTERM');
    program.signal('SIGCONT');
    expect(await program.exit, program.stderr).toEqual({ code: 0, signal: null });
    const seen = new Set(entries.map(([, , { cpu, sequence }]) => `${cpu}/${sequence}`));
    expect({ entries: entries.length, seen: seen.size }).toEqual({ entries: count, seen: count });
    for (const [tag, { epoch, nano }, { pid, event_time }] of entries)
      expect({ tag, pid, time: epoch * 1e6 + nano / 1e3 }).toEqual({
        tag: 'acceptstream.accept',
        pid: burst.pid,
        time: event_time,
      });
    expect(program.stderr).not.toContain(KEY);
  });
});
