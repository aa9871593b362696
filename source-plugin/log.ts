import { oneLine } from '../schemas/error.js';

/** What diagnostics tell, least first; each level includes those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

let last = LOG_LEVELS.indexOf('warn');

/** Lines of later levels than this are left out. Holds for the process: stderr is one. */
export function setLogLevel(level: LogLevel): void {
  last = LOG_LEVELS.indexOf(level);
}

function write(level: LogLevel, line: string): void {
  if (LOG_LEVELS.indexOf(level) <= last) process.stderr.write(`${line}\n`);
}

function say(level: LogLevel, message: string): void {
  for (const line of message.split('\n')) write(level, `acceptstream: ${oneLine(line)}`);
}

/** Diagnostics on stderr, one line for each line of the message, whatever names it holds. */
export const log = {
  error: (message: string): void => say('error', message),
  warn: (message: string): void => say('warn', message),
  info: (message: string): void => say('info', message),
  debug: (message: string): void => say('debug', message),
  /** At every level: what a command was asked to find out, or left out as it was asked to. */
  report: (message: string): void => say('error', message),
  /** At every level, in tcpaccept's words: without the program's name. */
  loss: (line: string): void => write('error', line),
};
