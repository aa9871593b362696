import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCore, runPipeline } from 'acceptstream';
import ts from 'typescript';
import { afterEach, expect, test, vi } from 'vitest';
import { datumOf, MemorySource } from '../source-plugin/memory-source.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { runWorkload } from '../workload/workload.js';
import { countByPort } from './count-by-port.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = ['count-by-port', 'main'];

afterEach(() => {
  vi.restoreAllMocks();
});

test('it counts what a source has', async () => {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  const ports = [22, 443, 22, 22, 8080, 443];
  const source = new MemorySource(ports.map((local_port) => datumOf({ local_port })));
  const core = await loadCore({ format: 'avro', filter: { ports: [22, 443] } });
  const sink = countByPort();
  await runPipeline({ source, core, sink, signal: AbortSignal.abort() });
  await sink.close();
  expect(printed).toEqual(['port 22: 3', 'port 443: 2']);
  expect(source.committed).toBe(ports.length);
});

/** A project that depends on the package: the examples as JavaScript. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-example-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/acceptstream'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  for (const name of EXAMPLES) {
    const source = readFileSync(new URL(`${name}.ts`, import.meta.url), 'utf8');
    writeFileSync(join(folder, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText);
  }
  return folder;
}

describeUnless(liveReason(), 'live', () => {
  test('it counts accepts until Ctrl-C', async () => {
    const folder = project();
    const child = spawn(process.execPath, [join(folder, 'main.js')], { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (bytes) => {
        stdout += bytes;
      });
      child.stderr.on('data', (bytes) => {
        stderr += bytes;
      });
      await until('capture', () => stderr.includes('counting until Ctrl-C'));
      const port = 40_123;
      await runWorkload({ listen: '127.0.0.1', unshare: 'net', port, count: 3 });
      const exit = once(child, 'close');
      child.kill('SIGINT');
      expect([await exit, stderr]).toEqual([[0, null], 'counting until Ctrl-C\n']);
      expect(stdout).toContain(`port ${port}: 3\n`);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
