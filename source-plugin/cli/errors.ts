import { AcceptstreamError } from '../../schemas/error.js';

// Python's str.isprintable: everything else could forge lines or terminal escapes in an error message.
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;
const NAMED_ESCAPES = new Map([
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
]);

function escapeCharacter(character: string): string {
  const named = NAMED_ESCAPES.get(character);
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** `text` with every unprintable character written as Python's escape of it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/** `text` in quotes, as Python's repr() writes a string. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
  return `${quote}${printable(escaped)}${quote}`;
}

/** Code USAGE; the message is one printable line without the program's name. */
export function usageError(message: string): AcceptstreamError {
  return new AcceptstreamError('USAGE', 'command line', printable(message));
}

/** A usage error that names the option it is about. */
export function argumentError(option: { readonly flags: readonly string[] }, message: string): AcceptstreamError {
  return usageError(`argument ${option.flags.join('/')}: ${message}`);
}
