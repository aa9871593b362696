/** Every code an AcceptstreamError can carry. */
export const ERROR_CODES = [
  'USAGE',
  'PERMISSION',
  'KERNEL',
  'MAP',
  'RING',
  'MALFORMED',
  'SINK',
  'SETUP',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What failed: `operation` names it, the message tells the remedy, `cause` is what the system said. */
export class AcceptstreamError extends Error {
  override readonly name = 'AcceptstreamError';
  readonly code: ErrorCode;
  readonly operation: string;

  constructor(code: ErrorCode, operation: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.operation = operation;
  }
}

/** Text for one line of a terminal or log: what a file name or a configuration smuggles in stays harmless. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** What a thrown value says: its message, when it is an Error. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
