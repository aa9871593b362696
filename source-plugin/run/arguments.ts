import { parseArgs } from 'node:util';
import { usageError } from '../cli/errors.js';
import { readLogLevel } from '../cli/values.js';
import type { LogLevel } from '../log.js';

export const RUN_USAGE = 'usage: acceptstream run [-h] [--check] [--log-level LEVEL] FILE.yaml\n';

const RUN_HELP = `${RUN_USAGE}
Stream TCP accepts to the sinks of a configuration file

options:
  -h, --help         show this help message and exit
  --check            validate the file, try capture, ask brokers and
                     registries, say on stderr what would happen, and exit;
                     creates nothing
  --log-level LEVEL  what stderr tells: 'error', 'warn', 'info' (default) or
                     'debug', each with those before it

The file names one source, filters and any number of sinks. Editors complete it
with schemas/config.schema.json of the package. A small one:
    sinks:
      screen: { type: stdout }
      siem:
        type: kafka
        brokers: [kafka1:9092]
        topic: accepts
        registry: { url: "http://registry:8081" }

\${NAME} in a value is replaced from the environment; password_file, token_file
and the like are read from files. SIGHUP reads the file again: sinks that changed
are connected anew; a file that can't be used changes nothing.

exit status:
  0  ended by a signal, or --check found nothing wrong
  1  capture or a sink failed
  2  wrong usage, or a configuration with problems (one line each)
`;

/** What the arguments behind `run` ask for. */
export type RunRequest =
  | { readonly kind: 'run' | 'check'; readonly path: string; readonly logLevel: LogLevel }
  /** For stdout; exit status 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** For stderr; exit status 2. */
  | { readonly kind: 'usage'; readonly text: string };

export function parseRunArguments(argv: readonly string[]): RunRequest {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h' },
        check: { type: 'boolean' },
        'log-level': { type: 'string' },
      },
      allowPositionals: true,
    });
    const [path, ...more] = positionals;
    if (values.help) return { kind: 'print', text: RUN_HELP };
    if (path === undefined || more.length > 0) return wrong('give one configuration file');
    return { kind: values.check ? 'check' : 'run', path, logLevel: logLevelOf(values['log-level']) };
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error));
  }
}

function logLevelOf(text = ''): LogLevel {
  return text === '' ? 'info' : readLogLevel(text, (message) => usageError(`argument --log-level: ${message}`));
}

function wrong(message: string): RunRequest {
  return { kind: 'usage', text: `${RUN_USAGE}acceptstream run: error: ${message}\n` };
}
