import { type Command, HELP_OPTION, on } from '../cli/options.js';

export interface DoctorOptions {
  readonly json: boolean;
}

const EPILOG = `Each hook is loaded, attached and proven by accepts of its own on loopback, for a
moment. Nothing is changed. Without privileges it says what they would be.

exit status:
    0  capture works
    1  capture does not work
    2  the command line is wrong
`;

/** What works on this machine. */
export const DOCTOR: Command<DoctorOptions> = {
  program: 'acceptstream doctor',
  description: 'Say what capture finds on this machine, and what is missing',
  options: [HELP_OPTION, { flags: ['--json'], help: 'print one JSON object', key: 'json', read: on }],
  defaults: { json: false },
  epilog: EPILOG,
};
