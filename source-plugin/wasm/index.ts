import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fluentBitFilter } from '../../filter-core/fluent-bit.js';
import { answer } from '../cli/answer.js';
import { parseArguments } from '../cli/parse.js';
import { fileError } from '../file/errors.js';
import { WASM } from './options.js';

/** `acceptstream wasm`. Resolves with the exit status. */
export async function wasmCommand(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(WASM, argv);
  if ('text' in parsed) return answer(parsed);
  const { output = '', ...filter } = parsed.options;
  replaceFile(output, await fluentBitFilter(filter));
  return 0;
}

/** Writes a file whole or not at all: Fluent Bit may load it at any time. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, bytes, { flag: 'wx' });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw fileError('write', path, error);
  }
}
