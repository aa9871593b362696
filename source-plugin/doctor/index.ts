import { HOOKS } from '../../native/hooks.js';
import { reasonOf } from '../../schemas/error.js';
import { answer, print } from '../cli/answer.js';
import { parseArguments } from '../cli/parse.js';
import { lookAt } from './machine.js';
import { DOCTOR } from './options.js';
import { type Findings, reportOf, textOf } from './report.js';

/** `acceptstream doctor`. Resolves with the exit status: 0 when capture works. */
export async function doctorCommand(argv: readonly string[], version: string): Promise<number> {
  const parsed = parseArguments(DOCTOR, argv);
  if ('text' in parsed) return answer(parsed);
  const report = reportOf({ version, machine: lookAt(), ...(await tryHooks()) });
  await print(parsed.options.json ? `${JSON.stringify(report, undefined, 2)}\n` : textOf(report));
  return report.works ? 0 : 1;
}

// Loaded late: where the addon doesn't load, that is one of the findings.
async function tryHooks(): Promise<Pick<Findings, 'libbpf' | 'trials'>> {
  try {
    const { tryHook } = await import('../ladder.js');
    const { libbpfVersion } = await import('../../native/index.js');
    const trials = HOOKS.map(tryHook);
    return { trials, libbpf: { version: libbpfVersion(), problem: '' } };
  } catch (error) {
    return { trials: [], libbpf: { version: '', problem: reasonOf(error) } };
  }
}
