import type { Filter } from '../../filter-core/filter.js';
import { quoted, usageError } from '../cli/errors.js';
import { NETNS_OPTION } from '../cli/filter-options.js';
import { CONDITION_OPTIONS, type Command, HELP_OPTION } from '../cli/options.js';
import type { Reject } from '../cli/values.js';

export interface WasmOptions extends Filter {
  /** The file that the module goes into. */
  readonly output?: string;
}

function readOutput(text: string, reject: Reject): string {
  if (text === '-') throw reject(`invalid file ${quoted(text)}: a module goes into a file, give its name`);
  return text;
}

// argparse says the same of an option that is needed.
function check({ output }: WasmOptions): void {
  if (output === undefined) throw usageError('the following arguments are required: --output');
}

const EPILOG = `The module is for Fluent Bit's filter_wasm with event_format json, and for records
of acceptstream --format json. It drops those that a filter does not keep, and adds
community_id where it is missing; records that are not ours stay as they are:

    [FILTER]
        Name           wasm
        Match          accepts
        WASM_Path      /etc/fluent-bit/accepts.wasm
        Function_Name  acceptstream_filter

The package has one without filters: dist/acceptstream-filter.wasm. The rate limit
goes by the times of the accepts; what it drops is not counted.

examples:
    acceptstream wasm --output accepts.wasm --exclude-remote 10.0.0.0/8
    acceptstream wasm --output accepts.wasm -P 22 --rate-limit 10/remote_address

exit status:
    0  the file is written
    1  failed, for the reason on stderr
    2  the command line is wrong
`;

/** Filters for Fluent Bit. */
export const WASM: Command<WasmOptions> = {
  program: 'acceptstream wasm',
  description: "Write a module for Fluent Bit's filter_wasm that keeps what filters keep",
  options: [
    HELP_OPTION,
    {
      flags: ['--output'],
      metavar: 'FILE.wasm',
      help: 'write the module to this file, in place of one that is there',
      key: 'output',
      read: readOutput,
    },
    ...CONDITION_OPTIONS,
    NETNS_OPTION,
  ],
  check,
  defaults: {},
  epilog: EPILOG,
};
