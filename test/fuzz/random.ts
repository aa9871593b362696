/**
 * Numbers that follow from a seed, a name and the number of an input alone: an input is made again without those before
 * it. Mulberry32, from a start that is hashed.
 */
export class Random {
  readonly #stream: number;
  #state = 0;

  constructor(seed: number, name: string) {
    let hash = mixed(seed);
    for (const character of name) hash = mixed(hash ^ (character.codePointAt(0) ?? 0));
    this.#stream = hash;
  }

  /** The numbers of the input `index`. */
  at(index: number): this {
    this.#state = mixed(this.#stream ^ mixed(index + 1));
    return this;
  }

  /** 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return mixed(this.#state);
  }

  /** A whole number from 0 to before `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** True once in so many times. */
  once(inTimes: number): boolean {
    return this.below(inTimes) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Overwrites `bytes` from `from` to `to`. */
  fill(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) bytes[at] = this.next();
  }
}

function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
