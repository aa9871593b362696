import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Fifo } from '../support/fifo.js';
import { Manager } from '../support/manager.js';
import { Program, type ProgramOptions } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';

const WELL = { code: 0, signal: null };
const SCREEN = 'sinks:\n  screen: { type: stdout, format: json }\n';

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-manager-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function managed(config: string, options: ProgramOptions = {}, address?: string) {
  const folder = scratchFolder();
  const socket = address ?? join(folder, 'notify');
  const manager = await Manager.at(socket);
  onTestFinished(() => manager.close());
  const path = join(folder, 'run.yaml');
  writeFileSync(path, config);
  const program = new Program(['run', path], { ...options, env: { NOTIFY_SOCKET: socket, ...options.env } });
  onTestFinished(() => program.signal('SIGKILL'));
  const told = () => manager.told(program.pid);
  const hears = (what: RegExp) =>
    until(
      () => `${what} in\n${told().join('\n')}\n${program.stderr}`,
      () => told().some((line) => what.test(line)),
    );
  return { path, program, told, hears };
}

const kindsOf = (lines: readonly string[]) => lines.map((line) => line.replace(/=.*/, ''));

describeUnless(liveReason(), 'the service manager is told', () => {
  test.for([undefined, `@acceptstream-${process.pid}`])('of start, reload and end, at %s', async (address) => {
    const { program, told, hears, path } = await managed(SCREEN, {}, address);
    await hears(/^READY=1 STATUS=live by \S+ to screen$/);
    const before = process.hrtime.bigint() / 1000n;
    program.signal('SIGHUP');
    await hears(/^READY=1 STATUS=\S+ reloaded: to screen$/);
    const after = process.hrtime.bigint() / 1000n;
    const reloading = told().find((line) => line.startsWith('RELOADING=1')) ?? '';
    const at = BigInt(/^RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(reloading)?.[1] ?? 0);
    expect(at >= before && at <= after).toBe(true);
    writeFileSync(path, 'sinks: {}\n');
    program.signal('SIGHUP');
    await hears(/^READY=1 STATUS=\S+ not reloaded, the former configuration goes on: /);
    expect(await program.stop('SIGTERM')).toEqual(WELL);
    await hears(/^STOPPING=1$/);
    expect(kindsOf(told())).toEqual(['STATUS', 'READY', 'RELOADING', 'READY', 'RELOADING', 'READY', 'STOPPING']);
    expect(program.stderr).not.toContain('service manager');
  });

  test('not that it is ready while a sink is not connected', async () => {
    // Takes the connection and says nothing.
    const broker = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void broker.close());
    const connected = new Promise((resolve) => broker.once('connection', resolve));
    await until('a port', () => broker.listening);
    const { port } = broker.address() as { port: number };
    const kafka = `{ type: kafka, brokers: ["127.0.0.1:${port}"], topic: accepts, encoding: json }`;
    const { program, told, hears } = await managed(`${SCREEN}  away: ${kafka}\n`);
    await hears(/^STATUS=live by \S+, connecting screen, away$/);
    await connected;
    await program.stop('SIGTERM');
    await hears(/^STOPPING=1$/);
    expect(kindsOf(told())).toEqual(['STATUS', 'STOPPING']);
  });

  test('of life as long as the pipeline moves, and no longer', async () => {
    const fifo = new Fifo();
    onTestFinished(() => fifo.remove());
    const burst = await Burst.start({ count: 20_000 });
    const env = { WATCHDOG_USEC: '200000' };
    const { program, told, hears } = await managed(SCREEN, { env, stdout: fifo.writer });
    fifo.closeWriter();
    await hears(/^WATCHDOG=1$/);
    // More than a pipe holds: the sink waits for a reader.
    await burst.run();
    const pings = () => told().filter((line) => line === 'WATCHDOG=1').length;
    const sinceLast = { pings: -1, at: 0 };
    await until('a watchdog that is hungry for ten times its share', () => {
      if (pings() !== sinceLast.pings) Object.assign(sinceLast, { pings: pings(), at: performance.now() });
      return performance.now() - sinceLast.at > 1000;
    });
    const starved = pings();
    await until('food again', () => {
      fifo.read();
      return pings() > starved;
    });
    program.signal('SIGTERM');
    await until('the end', () => {
      fifo.read();
      return program.hasExited;
    });
  });

  test('or it goes on when there is none, and says so', async () => {
    const folder = scratchFolder();
    const path = join(folder, 'run.yaml');
    writeFileSync(path, SCREEN);
    const program = new Program(['run', path], { env: { NOTIFY_SOCKET: join(folder, 'nobody') } });
    onTestFinished(() => program.signal('SIGKILL'));
    await until('a warning', () => /does not learn READY=1: cannot notify \S+nobody: ENOENT/.test(program.stderr));
    expect(await program.stop('SIGTERM')).toEqual(WELL);
  });
});
