import type { Random } from './random.js';

/** Something that takes input of others, and what must hold for all of it. */
export interface Target {
  readonly name: string;
  /** Inputs of a whole run. */
  readonly inputs: number;
  /** What `random` answers here is of the seed and the name alone. */
  open(random: Random): Promise<Fuzz>;
}

/** A target at work. Two with the same seed make the same inputs. */
export interface Fuzz<Input = unknown> {
  /** The input `index`, of these random numbers alone; may overwrite the last one. */
  make(random: Random, index: number): Input;
  /** Throws when something does not hold. */
  feed(input: Input): void | Promise<void>;
  /** The input for a person: what it was given to, and its bytes in hexadecimal digits. */
  show(input: Input): string;
  /** Bytes of WASM memory at work; 0 where there is none. */
  readonly wasmBytes: number;
}

/** Throws with a message that says what does not hold. */
export function hold(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
