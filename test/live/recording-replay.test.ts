import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { TEXT_FORMATS, type TextFormat } from '../../filter-core/index.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { type Scenario, Workload } from '../workload/workload.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

const SCENARIOS: readonly Scenario[] = [
  { comm: bytes('plain'), listen: '127.0.0.1', count: 3 },
  { comm: bytes('e\x1b[31m\nred'), listen: '::1' },
  { comm: bytes('bad\xff\xfe\xc3\xa9'), listen: '::', connect: '127.0.0.1' },
  { comm: bytes('reset'), listen: '127.0.0.1', before: 'reset' },
];
const ACCEPTS = 6;
const COLUMNS: Partial<Record<TextFormat, readonly string[]>> = { tcpaccept: ['-T', '-t'], wide: ['-T', '-t'] };

/** A folder that the program may write to when it is an ordinary user. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-live-'));
  chmodSync(folder, 0o777);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A capture that sees accepts. */
async function capturing(args: readonly string[]): Promise<Program> {
  const program = new Program([...args, '--log-level', 'info']);
  onTestFinished(() => program.signal('SIGKILL'));
  await until(
    () => `capture: ${program.stderr}`,
    () => program.stderr.includes(' live by ') || program.hasExited,
  );
  return program;
}

describeUnless(liveReason(), 'a recording', () => {
  test('read again gives the bytes that were printed live, in every format', async () => {
    const folder = openFolder();
    const workloads = await Promise.all(SCENARIOS.map((scenario) => Workload.start(scenario)));
    // Of port 0 are connections that were reset.
    const ports = ['-P', [0, ...workloads.map(({ ready }) => ready.port)].join()];
    const started = TEXT_FORMATS.map(async (format) => {
      const path = join(folder, `${format}.avro`);
      const rows = [...ports, '--format', format, ...(COLUMNS[format] ?? [])];
      return { path, rows, program: await capturing(['--write', path, ...rows]) };
    });
    const captures = await Promise.all(started);
    for (const workload of workloads) await workload.run();
    for (const { rows, program } of captures) {
      const header = rows.includes('-t') ? 1 : 0;
      await program.until('the accepts', (text) => text.split('\n').length > ACCEPTS + header);
      expect(await program.stop(), program.stderr).toEqual({ code: 0, signal: null });
    }
    for (const { path, rows, program } of captures) {
      const { code, stderr, stdoutBytes } = await runProgram(['read', path, ...rows]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdoutBytes.toString('latin1')).toBe(program.stdoutBytes.toString('latin1'));
    }
  });
});
