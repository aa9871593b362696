import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What npm and the program need; no compiler is among them. */
const TOOLS = ['env', 'sh'];

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function whereIs(program: string): string {
  const folders = (process.env.PATH ?? '').split(':');
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (!found) throw new Error(`${program} is not on PATH`);
  return found;
}

/** The packed package, installed as a user does it: in an empty folder, on a machine without compilers. */
export class Installed {
  readonly #folder = mkdtempSync(join(tmpdir(), 'acceptstream-installed-'));
  /** All that is on PATH there. */
  readonly path = join(this.#folder, 'bin');
  readonly #project = join(this.#folder, 'project');
  readonly package = join(this.#project, 'node_modules/acceptstream');

  constructor() {
    for (const folder of [this.path, this.#project]) mkdirSync(folder);
    symlinkSync(process.execPath, join(this.path, 'node'));
    for (const tool of [...TOOLS, 'npm']) symlinkSync(whereIs(tool), join(this.path, tool));
    writeFileSync(join(this.#project, 'package.json'), '{}');
  }

  /** Packs and installs; what npm said. Throws when it can't. */
  install(): string {
    // Built before the tests: packing must not build under the others' feet.
    const packed = this.npm(['pack', ROOT, '--ignore-scripts', '--json']);
    const tarball = /"filename": "([^"]+)"/.exec(packed.output)?.[1] ?? '';
    const installed = this.npm(['install', '--prefer-offline', '--foreground-scripts', `./${tarball}`]);
    if (installed.status !== 0) throw new Error(`${packed.output}${installed.output}`);
    return installed.output;
  }

  npm(args: readonly string[], path: string = this.path): Ended {
    const env = { HOME: process.env.HOME, npm_config_loglevel: 'error', PATH: path };
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: this.#project, env, encoding: 'utf8' });
    return { status, output: `${stdout}${stderr}` };
  }

  /** The command that `acceptstream` is there. */
  command(node: string): readonly string[] {
    return ['env', '-i', `PATH=${this.path}`, node, join(this.package, 'source-plugin/setup/acceptstream.mjs')];
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
