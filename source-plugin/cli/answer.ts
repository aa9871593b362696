import { stdoutSink } from '../stdout.js';

/** What arguments get that start nothing: help or a version for stdout, or what is wrong with them for stderr. */
export interface Answer {
  readonly kind: 'print' | 'usage';
  readonly text: string;
}

/** Gives it. Resolves with the exit status. */
export async function answer({ kind, text }: Answer): Promise<number> {
  if (kind === 'usage') {
    process.stderr.write(text);
    return 2;
  }
  await print(text);
  return 0;
}

export async function print(text: string): Promise<void> {
  await stdoutSink().write({ bytes: Buffer.from(text), records: 0 });
}
