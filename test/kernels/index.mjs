// npm run test:kernels -- [--write] [SERIES …]
import { chownSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HOOKS } from '../../dist/native/hooks.js';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';
import { coverageOf, coverageText } from './coverage.mjs';
import { observeKernels } from './guests.mjs';
import { SERIES } from './kernels.mjs';
import { OPTIONS, PATHS } from './paths.mjs';
import { renderFailures, renderTable } from './table.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const COVERAGE = fileURLToPath(new URL('coverage.json', import.meta.url));
const CELLS = PATHS.length * HOOKS.length + OPTIONS.length + 1;
const USAGE = `usage: npm run test:kernels -- [--write] [SERIES …]
  --write  make test/kernels/coverage.json of the run, which the README's table is made of, unless something failed; takes
           all series
  SERIES   only these kernels: ${SERIES.join(', ')}
`;

const say = (text) => process.stderr.write(`kernels: ${text}\n`);

function parse() {
  const { values, positionals } = parseArgs({ options: { write: { type: 'boolean' } }, allowPositionals: true });
  const unknown = positionals.find((name) => !SERIES.includes(name));
  if (unknown !== undefined) throw new Error(`there is no series ${unknown}`);
  if (values.write && positionals.length > 0) throw new Error('--write takes all series');
  return {
    write: values.write ?? false,
    series: SERIES.filter((name) => !positionals.length || positionals.includes(name)),
  };
}

/** What has to be here, and the packages of Debian that have it. */
const PROGRAMS = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  flock: 'util-linux',
  gcc: 'gcc libc6-dev',
  tar: 'tar',
  xz: 'xz-utils',
};

function checkMachine() {
  const isHere = (program) => process.env.PATH.split(':').some((folder) => existsSync(join(folder, program)));
  const missing = Object.keys(PROGRAMS).filter((program) => !isHere(program));
  if (process.arch !== 'x64') throw new Error('the guests are x86-64, and their programs are made on such a machine');
  if (missing.length === 0) return;
  const packages = missing.map((program) => PROGRAMS[program]).join(' ');
  throw new Error(`${missing.join(', ')} missing: on Debian, apt-get install ${packages}`);
}

function choice() {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`kernels: ${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

// Root may work in another user's clone: the file is the clone's owner's. The README is made of it.
async function write(run) {
  writeFileSync(COVERAGE, coverageText(coverageOf(run)));
  const { uid, gid } = statSync(ROOT);
  chownSync(COVERAGE, uid, gid);
  await import('../docs/write.mjs');
}

async function observe(series) {
  const scratch = temporaryFolder(join(tmpdir(), 'acceptstream-kernels-'));
  const { observed, missing } = await observeKernels(series, HOOKS, { root: ROOT, scratch: scratch.path, say });
  scratch.remove();
  for (const { kernel, words } of observed) if (words.length > 0) say(`${kernel.release}: ${words.join('\n')}`);
  for (const one of missing) say(`missing: the mirror has no kernel ${one}`);
  const run = {
    date: new Date().toISOString(),
    hooks: HOOKS,
    kernels: observed.map(({ kernel }) => kernel),
    cells: observed.flatMap(({ cells }) => cells),
  };
  return { run, missing };
}

// Their handlers remove what is temporary.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const { write: writes, series } = choice();
try {
  checkMachine();
  const { run, missing } = await observe(series);
  const failures = renderFailures(run);
  if (writes && failures.length === 0) await write(run);
  process.stdout.write(`${[renderTable(run), '', ...failures].join('\n')}\n`);
  const passed = run.cells.length - failures.length;
  console.log(`${passed} passed, ${failures.length} failed, ${missing.length * CELLS} missing`);
  process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
