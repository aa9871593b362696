import { oneLine } from '../../schemas/error.js';

/** Diagnostics on stderr, one line for each line of the message. */
export function log(message: string): void {
  for (const line of message.split('\n')) process.stderr.write(`acceptstream: ${oneLine(line)}\n`);
}
