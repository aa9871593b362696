import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const SETUP = fileURLToPath(new URL('../../source-plugin/setup', import.meta.url));

/** Each stub writes its call down first. `OUT` is the file behind -o, when there is one. */
const PROLOGUE = `#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
previous=
for argument in "$@"; do
  if [ "$previous" = -o ]; then OUT=$argument; fi
  previous=$argument
done
`;

const COMPILER = `cat >/dev/null
echo "half a file" >"$OUT"
if [ -e "$STATE/break" ] && [ "$OUT" != /dev/null ]; then echo "something.cc: broken"; exit 1; fi
echo "built by $(basename "$0")" >"$OUT"
`;

const STUBS = {
  clang: COMPILER,
  'g++': COMPILER,
  cc: COMPILER,
  'apt-get': `case "$*" in
*update*) touch "$STATE/updated" ;;
*install*)
  [ -e "$STATE/updated" ] || { echo "E: Unable to locate package"; exit 100; }
  cp -f "$STATE/programs/"* "$BIN/" ;;
esac
`,
  sudo: `[ -e "$STATE/sudoer" ] || exit 1
while [ "$1" != -- ]; do shift; done
shift
case "$*" in
*--version) ;;
*--capture*) echo "captured as root"; exit 9 ;;
*) exec "$@" ;;
esac
`,
  npm: `while [ -e "$STATE/hold" ]; do sleep 0.02; done
mkdir -p node_modules/typescript/bin node_modules/assemblyscript/bin
cp "$STATE/compile.js" node_modules/typescript/bin/tsc
cp "$STATE/compile.js" node_modules/assemblyscript/bin/asc.js
echo '{}' >node_modules/typescript/package.json
cp package-lock.json node_modules/.package-lock.json
`,
};

/** Stands for tsc, which fills a folder, and for asc, which writes a file. */
const COMPILE = `const fs = require('node:fs');
const at = process.argv.findIndex((argument) => argument === '--outDir' || argument === '--outFile');
const out = process.argv[at + 1];
fs.appendFileSync(process.env.CALLS, process.argv[at] + '\\n');
if (process.argv[at] === '--outFile') fs.writeFileSync(out, 'wasm');
else {
  fs.mkdirSync(out + '/source-plugin', { recursive: true });
  fs.cpSync('main.stub', out + '/source-plugin/main.js');
}
`;

const SOURCES = {
  'package.json': '{ "name": "stub", "type": "module" }',
  'package-lock.json': '{ "packages": { "": {}, "node_modules/typescript": { "version": "1.0.0" } } }',
  'tsconfig.json': '{}',
  'schemas/generate.mjs': `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync(process.env.CALLS, 'generate\\n');
mkdirSync('filter-core/assembly', { recursive: true });
writeFileSync('schemas/accept.ts', '');
writeFileSync('filter-core/assembly/fields.ts', '');
`,
  'schemas/accept.avsc': '{}',
  'bpf/accept.bpf.c': '',
  'native/addon.cc': '',
  'filter-core/asconfig.json': '{}',
  'main.stub': `export const main = async (argv) => { console.log(JSON.stringify(argv)); return 7; };
export const needsCapture = async (argv) => argv.includes('--capture');
`,
};

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A clone with stub sources on a machine with stub programs: nothing real is installed or compiled. */
export class Clone {
  readonly root = mkdtempSync(join(tmpdir(), 'acceptstream-setup-'));
  readonly path = join(this.root, 'clone');
  readonly state = join(this.root, 'state');
  readonly bin = join(this.root, 'bin');
  readonly #calls = join(this.root, 'calls');
  readonly #running = new Set<ChildProcess>();

  /** `installed` are the stubs that are there from the beginning; the others come with apt-get install. */
  constructor(installed: readonly string[]) {
    for (const folder of [this.path, join(this.state, 'programs'), this.bin]) mkdirSync(folder, { recursive: true });
    cpSync(SETUP, join(this.path, 'source-plugin/setup'), { recursive: true });
    for (const [file, text] of Object.entries(SOURCES)) this.write(file, text);
    writeFileSync(join(this.state, 'compile.js'), COMPILE);
    for (const [name, body] of Object.entries(STUBS)) {
      writeFileSync(join(this.state, 'programs', name), PROLOGUE + body, { mode: 0o755 });
      if (installed.includes(name)) cpSync(join(this.state, 'programs', name), join(this.bin, name));
    }
    for (const name of ['node', 'flock', 'sh', 'cat', 'cp', 'mkdir', 'touch', 'sleep', 'basename', 'env']) {
      symlinkSync(name === 'node' ? process.execPath : whereIs(name), join(this.bin, name));
    }
    writeFileSync(this.#calls, '', { mode: 0o666 });
    chmodSync(this.#calls, 0o666);
    chmodSync(this.root, 0o755);
    chmodSync(this.state, 0o777);
    chmodSync(this.bin, 0o777);
    onTestFinished(() => {
      for (const child of this.#running) child.kill('SIGKILL');
      this.forget('hold');
      rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    });
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.path, file)), { recursive: true });
    writeFileSync(join(this.path, file), text);
  }

  read(file: string): string | undefined {
    return existsSync(join(this.path, file)) ? readFileSync(join(this.path, file), 'utf8') : undefined;
  }

  remove(file: string): void {
    rmSync(join(this.path, file));
  }

  /** Sets what the stubs look at: updated, break, hold, sudoer. */
  remember(state: string): void {
    writeFileSync(join(this.state, state), '');
  }

  forget(state: string): void {
    rmSync(join(this.state, state), { force: true });
  }

  /** Calls of stubs since the last look, without those that only try a compiler. */
  calls(): string[] {
    const calls = readFileSync(this.#calls, 'utf8').split('\n').slice(0, -1);
    writeFileSync(this.#calls, '');
    return calls.filter((call) => !call.includes('-o /dev/null'));
  }

  start(script: string, args: readonly string[] = [], uid?: number): { child: ChildProcess; ended: Promise<Ended> } {
    const env = { PATH: this.bin, HOME: this.root, CALLS: this.#calls, STATE: this.state, BIN: this.bin };
    const as = uid === undefined ? {} : { uid, gid: uid };
    const file = join(this.path, 'source-plugin/setup', script);
    // In a session of its own: no terminal, so nothing can ask for a password.
    const child = spawn(process.execPath, [file, ...args], { env, detached: true, cwd: this.path, ...as });
    this.#running.add(child);
    return { child, ended: collect(child).finally(() => this.#running.delete(child)) };
  }

  run(script: string, args: readonly string[] = [], uid?: number): Promise<Ended> {
    return this.start(script, args, uid).ended;
  }
}

function whereIs(program: string): string {
  const folders = (process.env.PATH ?? '').split(':');
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (!found) throw new Error(`${program} is not on PATH`);
  return found;
}

function collect(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}
