import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Paths of the C programs of test/workload. */
export interface Programs {
  readonly scenario: string;
  /** The same for 32 bits; only in the guests of test/kernels whose machine is arm64. */
  readonly scenario32: string;
  readonly burst: string;
  readonly bpfmap: string;
  readonly terminal: string;
  readonly manager: string;
}

const SOURCES = fileURLToPath(new URL('../workload/', import.meta.url));
const FLAGS = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];

/** Names where they are compiled already: by this run, or for the guests of test/kernels, which have no compiler. */
const BUILT = 'ACCEPTSTREAM_TEST_PROGRAMS';

let folder: string | undefined;
let built: Programs | undefined;

/** Compiles the programs on first use in a test file, for as long as that file runs. Throws when gcc fails. */
export function programs(): Programs {
  const there = process.env[BUILT];
  built ??= there === undefined ? compileAll() : programsIn(there);
  return built;
}

/** Compiles them for all test files of a run. */
export function shareOfRun(): void {
  if (process.env[BUILT] !== undefined || !hasCompiler()) return;
  compileAll();
  process.env[BUILT] = folder;
}

export function removePrograms(): void {
  if (folder) rmSync(folder, { recursive: true, force: true });
}

export function hasCompiler(): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'gcc')));
}

function compileAll(): Programs {
  folder = mkdtempSync(join(tmpdir(), 'acceptstream-workload-'));
  const sources = readdirSync(join(SOURCES, 'scenario')).filter((name) => name.endsWith('.c'));
  const targets = programsIn(folder);
  compile(
    sources.map((name) => `scenario/${name}`),
    targets.scenario,
  );
  for (const name of ['burst', 'bpfmap', 'terminal', 'manager'] as const) compile([`${name}.c`], targets[name]);
  return targets;
}

function programsIn(folder: string): Programs {
  return {
    scenario: join(folder, 'scenario'),
    scenario32: join(folder, 'scenario32'),
    burst: join(folder, 'burst'),
    bpfmap: join(folder, 'bpfmap'),
    terminal: join(folder, 'terminal'),
    manager: join(folder, 'manager'),
  };
}

function compile(sources: readonly string[], target: string): void {
  execFileSync('gcc', [...FLAGS, '-o', target, ...sources], { cwd: SOURCES, stdio: 'pipe' });
}
