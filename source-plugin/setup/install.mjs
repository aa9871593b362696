import { isClone, ROOT } from './root.mjs';
import { interruptible } from './run.mjs';
import { command, SetupError, say } from './say.mjs';
import { ADDON, runSteps } from './steps.mjs';
import { neededByHand } from './system-packages.mjs';
import { missingTools } from './tools.mjs';

/** Why the addon doesn't load, '' when it does. A module that failed stays failed: each turn asks under another name. */
const problem = (turn) =>
  import(`../../dist/native/index.js?${turn}`).then(
    () => '',
    (error) => error.message,
  );

// What the package lacks then is no compiler's to give, and the program will say so again.
const lacksLibraryOnly = (reason) => reason.startsWith('libbpf.so.1 is missing');

async function build() {
  const tools = await missingTools(ADDON.tools);
  if (tools.length > 0) throw neededByHand(tools);
  await interruptible(() => runSteps(ROOT, undefined, [ADDON]));
  const reason = await problem('built');
  if (reason) throw new SetupError(reason);
}

// npm runs this where the package is installed: its addon is linux-x64's, other machines build theirs.
await command(async () => {
  const reason = isClone() ? '' : await problem('packed');
  if (reason) say(reason);
  if (reason && !lacksLibraryOnly(reason)) await build();
  return 0;
});
