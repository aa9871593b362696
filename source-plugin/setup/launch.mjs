import { join } from 'node:path';
import { endWithNpm } from './npm-parent.mjs';
import { canCapture, privileged } from './privilege.mjs';
import { ROOT } from './root.mjs';
import { foreground } from './run.mjs';
import { signalThroughSudo } from './sudo-signal.mjs';

const COMMAND = join(ROOT, 'source-plugin/setup/acceptstream.mjs');

/** Runs the program with `argv` and resolves with its exit status; through sudo when it needs more than we may. */
export async function launch(argv) {
  endWithNpm();
  const { main, needsCapture } = await import('../../dist/source-plugin/main.js');
  // In this process: signals, pipes and the exit status are then the program's own.
  if (!(await needsCapture(argv)) || canCapture()) return main(argv);
  const command = await privileged([process.execPath, COMMAND, ...argv], {
    settings: process.env.TZ ? [`TZ=${process.env.TZ}`] : [],
    purpose: 'capture',
    remedy: 'run it as root, or with the capabilities CAP_BPF and CAP_PERFMON',
  });
  return foreground(command, { forward: signalThroughSudo });
}
