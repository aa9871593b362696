import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installCommand } from './distribution.mjs';
import { canCapture, privileged } from './privilege.mjs';
import { ROOT } from './root.mjs';
import { foreground } from './run.mjs';
import { SetupError } from './say.mjs';
import { signalThroughSudo } from './sudo-signal.mjs';
import { readOsRelease } from './system-packages.mjs';

const COMMAND = join(ROOT, 'source-plugin/setup/acceptstream.mjs');

function assertAddonLoads() {
  try {
    createRequire(import.meta.url)('#dist/acceptstream.node');
  } catch (error) {
    const library =
      installCommand(readOsRelease(), ['library'])?.command.join(' ') ?? "install libbpf's shared library";
    const remedy = error.message.includes('libbpf')
      ? `run as root: ${library}`
      : `it was built for another machine (this is ${process.platform}-${process.arch}): build it here from a clone of the repository`;
    throw new SetupError(`the native part can't be loaded: ${error.message}`, { remedy });
  }
}

/** Runs the program with `argv` and resolves with its exit status; through sudo when it needs more than we may. */
export async function launch(argv) {
  const { parseCommandLine } = await import('../../dist/source-plugin/cli/parse.js');
  const { main } = await import('../../dist/source-plugin/main.js');
  // Help, the version and usage errors need no privilege.
  if (parseCommandLine(argv, '').kind !== 'run') return main(argv);
  if (canCapture()) {
    assertAddonLoads();
    // In this process: signals, pipes and the exit status are then the program's own.
    return main(argv);
  }
  const command = await privileged([process.execPath, COMMAND, ...argv], {
    settings: process.env.TZ ? [`TZ=${process.env.TZ}`] : [],
    purpose: 'capture',
    remedy: 'run it as root, or with the capabilities CAP_BPF and CAP_PERFMON',
  });
  return foreground(command, { forward: signalThroughSudo });
}
