import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { installPackages, missingPackages } from './npm-packages.mjs';
import { asOwner } from './privilege.mjs';
import { foreground, interruptible } from './run.mjs';
import { complain, SetupError, say } from './say.mjs';
import { runSteps, staleSteps } from './steps.mjs';
import { installTools } from './system-packages.mjs';
import { missingTools, TOOL_NAMES } from './tools.mjs';

/** The clone, or the installed package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** npm never packs the lockfile: where it is, this is a clone. */
export const isClone = () => existsSync(join(ROOT, 'package-lock.json'));

// Compilers are started only when there is something to compile.
async function inspect(tests) {
  const packages = missingPackages(ROOT);
  const steps = staleSteps(ROOT);
  const wanted = new Set([...steps.flatMap((step) => step.tools), ...(tests ? ['cc'] : [])]);
  const order = Object.keys(TOOL_NAMES);
  const tools = await missingTools(order.filter((tool) => wanted.has(tool)));
  return { packages, steps, tools };
}

function name({ packages, steps, tools }) {
  const parts = [
    ...tools.map((tool) => TOOL_NAMES[tool]),
    ...(packages.length > 0 ? [`${packages.length} npm packages`] : []),
    ...(steps.length > 0 ? [`the build of ${steps.map((step) => step.name).join(', ')}`] : []),
  ];
  say(`missing: ${parts.join('; ')}`);
}

function assertWritable() {
  try {
    for (const path of [ROOT, join(ROOT, 'dist'), join(ROOT, 'node_modules')]) {
      if (existsSync(path)) accessSync(path, constants.W_OK);
    }
  } catch (error) {
    throw new SetupError(`${error.path} can't be written by this user`, {
      remedy: `give the clone to one user: chown -R USER ${ROOT}`,
    });
  }
}

async function construct() {
  assertWritable();
  await withLock(ROOT, async (held) => {
    if (missingPackages(ROOT).length > 0) await installPackages(ROOT, held);
    await runSteps(ROOT, held);
  });
}

const BUILD = join(ROOT, 'source-plugin/setup/build.mjs');

/**
 * Makes everything there that running the program (`tests`: and its tests) needs; does nothing when it is.
 * What goes into the clone is made by the clone's owner, in a process of its own when root is at work.
 */
export async function setUp({ tests = false } = {}) {
  const missing = await inspect(tests);
  const { packages, steps, tools } = missing;
  if (packages.length + steps.length + tools.length === 0) return;
  name(missing);
  if (tools.length > 0) await interruptible(() => installTools(tools));
  if (packages.length + steps.length === 0) return;
  const owner = asOwner(ROOT);
  if (owner.uid === undefined) return interruptible(construct);
  const status = await foreground([process.execPath, BUILD], { as: owner });
  if (status !== 0) process.exit(status);
}

/** Runs the body of a command: what it throws is told without a stack trace, and the exit status is 1. */
export async function command(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}
