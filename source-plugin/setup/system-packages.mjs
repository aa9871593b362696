import { readFileSync } from 'node:fs';
import { installCommand, parseOsRelease } from './distribution.mjs';
import { isRoot, privileged } from './privilege.mjs';
import { run } from './run.mjs';
import { SetupError } from './say.mjs';
import { missingTools, TOOL_NAMES } from './tools.mjs';

const named = (tools) => tools.map((tool) => TOOL_NAMES[tool]).join(', ');

function readOsRelease() {
  try {
    return parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return {};
  }
}

/** What the user has to do where we don't install packages ourselves. */
export function neededByHand(tools, osRelease = readOsRelease()) {
  const install = installCommand(osRelease, tools);
  const command = install ? [...(isRoot() ? [] : ['sudo']), ...install.command].join(' ') : '';
  const remedy = install
    ? `run this, then the same command again: ${command}`
    : 'install that, then run the same command again';
  return new SetupError(`missing: ${named(tools)}`, { remedy });
}

const SETTINGS = ['DEBIAN_FRONTEND=noninteractive'];
const APT_GET = ['apt-get', '-o', 'DPkg::Lock::Timeout=120'];

async function aptGet({ packages, command }) {
  const remedy = `run as root: apt-get update && ${command.join(' ')}`;
  const apt = await privileged(APT_GET, { settings: SETTINGS, purpose: 'installing system packages', remedy });
  const install = () => run([...apt, ...command.slice(1)], { name: `apt-get install ${packages.join(' ')}`, remedy });
  const error = await install().catch((failure) => failure);
  if (!error) return;
  if (error.output.includes('dpkg --configure -a')) {
    const configure = await privileged(['dpkg', '--configure', '-a'], { settings: SETTINGS, purpose: 'dpkg', remedy });
    await run(configure, { name: 'dpkg --configure -a (it was interrupted earlier)', remedy });
  }
  // Without package lists, or with old ones, the first attempt finds nothing.
  await run([...apt, 'update'], { name: 'apt-get update', remedy: 'check the network and the sources of apt-get' });
  await install();
}

/** Installs what is needed for `tools`, or says how to. */
export async function installTools(tools, osRelease = readOsRelease()) {
  const install = installCommand(osRelease, tools);
  if (!install?.automatic) throw neededByHand(tools, osRelease);
  await aptGet(install);
  const missing = await missingTools(tools);
  if (missing.length > 0) {
    throw new SetupError(`installed ${install.packages.join(' ')}, but still missing: ${named(missing)}`);
  }
}
