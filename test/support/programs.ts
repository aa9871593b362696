import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** Paths of the C programs of test/workload. */
export interface Programs {
  readonly scenario: string;
  readonly burst: string;
  readonly bpfmap: string;
  readonly terminal: string;
}

const SOURCES = fileURLToPath(new URL('../workload/', import.meta.url));
const FLAGS = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];

let folder: string | undefined;
let built: Programs | undefined;

// Not at the exit of the process: the runner may end its workers by a signal.
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true });
});

/** Compiles the programs on first use in a test file, for as long as that file runs. Throws when gcc fails. */
export function programs(): Programs {
  built ??= compileAll();
  return built;
}

export function hasCompiler(): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'gcc')));
}

function compileAll(): Programs {
  folder = mkdtempSync(join(tmpdir(), 'acceptstream-workload-'));
  const sources = readdirSync(join(SOURCES, 'scenario')).filter((name) => name.endsWith('.c'));
  const scenario = sources.map((name) => `scenario/${name}`);
  return {
    scenario: compile(scenario, join(folder, 'scenario')),
    burst: compile(['burst.c'], join(folder, 'burst')),
    bpfmap: compile(['bpfmap.c'], join(folder, 'bpfmap')),
    terminal: compile(['terminal.c'], join(folder, 'terminal')),
  };
}

function compile(sources: readonly string[], target: string): string {
  execFileSync('gcc', [...FLAGS, '-o', target, ...sources], { cwd: SOURCES, stdio: 'pipe' });
  return target;
}
