import { join } from 'node:path';
import { construct } from './construct.mjs';
import { missingPackages } from './npm-packages.mjs';
import { asOwner } from './privilege.mjs';
import { ROOT } from './root.mjs';
import { foreground, interruptible } from './run.mjs';
import { say } from './say.mjs';
import { staleSteps } from './steps.mjs';
import { installTools } from './system-packages.mjs';
import { missingTools, TOOL_NAMES } from './tools.mjs';

const AS_OWNER = join(ROOT, 'source-plugin/setup/construct-as-owner.mjs');

// Compilers are started only when there is something to compile.
async function inspect(tests) {
  const packages = missingPackages(ROOT);
  const steps = staleSteps(ROOT);
  const wanted = new Set([...steps.flatMap((step) => step.tools), ...(tests ? ['cc'] : [])]);
  const tools = await missingTools(Object.keys(TOOL_NAMES).filter((tool) => wanted.has(tool)));
  return { packages, steps, tools };
}

function name({ packages, steps, tools }) {
  const parts = tools.map((tool) => TOOL_NAMES[tool]);
  if (packages.length > 0) parts.push(`${packages.length} npm packages`);
  if (steps.length > 0) parts.push(`the build of ${steps.map((step) => step.name).join(', ')}`);
  if (parts.length > 0) say(`missing: ${parts.join('; ')}`);
}

/**
 * Makes everything there that running the program (`tests`: and its tests) needs; does nothing when it is.
 * What goes into the clone is made by the clone's owner, in a process of its own when root is at work.
 */
export async function setUp({ tests = false } = {}) {
  const missing = await inspect(tests);
  name(missing);
  if (missing.tools.length > 0) await interruptible(() => installTools(missing.tools));
  if (missing.packages.length + missing.steps.length === 0) return;
  const owner = asOwner(ROOT);
  if (owner.uid === undefined) return construct();
  const status = await foreground([process.execPath, AS_OWNER], { as: owner });
  if (status !== 0) process.exit(status);
}
