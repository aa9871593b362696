import { ACCEPT_FIELDS } from '../../schemas/accept.js';
import type { Draft } from './mutate.js';
import type { Random } from './random.js';

/** An Avro schema as JSON has it, of any truth. */
export type Json = unknown;

const LEAVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
/** What no schema has. */
const WRONG: readonly Json[] = [
  ...[null, 7, '', 'toString', '__proto__', 'constructor', {}, [], { type: null }, { type: 'fixed' }, 'Nobody'],
  ...[
    { type: 'fixed', name: 'F', size: -1 },
    { type: 'fixed', name: 'F', size: 1.5 },
    { type: 'record', name: 'R' },
  ],
  ...[{ type: 'array' }, { type: 'map', values: 'Nobody' }, { type: { type: { type: 'union' } } }, { type: 'enum' }],
  ...[
    { type: 'fixed', name: 'F', size: 2 ** 31 },
    { type: 'record', name: 'R', fields: 'none' },
  ],
];
const SIZES = [0, 1, 7, 300, 0x8000, 2 ** 31 - 1];
const FIELDS_MOST = 40;
const DEPTH_MOST = 5;

/** Makes schemas that other writers might have, and some that none has. */
export class SchemaMaker {
  readonly #random: Random;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  schema(): Json {
    const random = this.#random;
    if (random.once(50)) return random.pick(WRONG);
    const wide = random.once(40) && this.#type(1);
    const fields = wide
      ? Array.from({ length: 256 }, (_, index) => ({ name: `w${index}`, type: wide }))
      : this.#fields();
    return { type: 'record', name: 'Accept', namespace: 'acceptstream', fields };
  }

  #fields(): Json[] {
    const random = this.#random;
    return Array.from({ length: 1 + random.below(FIELDS_MOST) }, (_, index) =>
      random.once(3) ? { name: random.once(200) ? index : `added_${index}`, type: this.#type(0) } : this.#own(),
    );
  }

  #own(): Json {
    const { name, kind } = this.#random.pick(ACCEPT_FIELDS);
    const type = kind === 'string' && this.#random.once(4) ? 'bytes' : kind;
    if (this.#random.once(60)) return { name, type: this.#type(0) };
    return {
      name,
      type: this.#random.once(4)
        ? this.#random.pick([
            ['null', type],
            [type, 'null'],
            [type, 'float'],
          ])
        : type,
    };
  }

  #type(depth: number): Json {
    const random = this.#random;
    if (random.once(400)) return random.pick(WRONG);
    const choice = depth > DEPTH_MOST ? 0 : random.below(10);
    if (choice === 9) return { type: 'array', items: this.#type(depth + 1) };
    if (choice === 8) return { type: 'map', values: this.#type(depth + 1) };
    if (choice === 7) return Array.from({ length: random.below(5) }, () => this.#type(depth + 1));
    if (choice === 6) return this.#record(depth);
    if (choice === 5) return { type: 'fixed', name: this.#name(), size: random.pick(SIZES) };
    if (choice === 4) return { type: 'enum', name: this.#name(), symbols: ['A', 'B'] };
    return choice === 3 ? { type: random.pick(LEAVES), logicalType: 'none' } : random.pick(LEAVES);
  }

  #record(depth: number): Json {
    const name = this.#name();
    const fields = Array.from({ length: this.#random.below(4) }, (_, index) => ({
      name: `f${index}`,
      type: this.#random.once(5) ? this.#random.pick([name, ['null', name]]) : this.#type(depth + 1),
    }));
    return { type: 'record', name, fields };
  }

  #name(): string {
    this.#names++;
    return `N${this.#names}`;
  }
}

const member = (value: Json, name: string): Json => (value as Record<string, Json> | null)?.[name];

/** Writes what a writer with a schema might, and no more than some kilobytes. */
export class DatumMaker {
  readonly #random: Random;
  readonly #draft: Draft;
  readonly #named = new Map<string, Json>();
  /** What may still be written: a schema may be without end. */
  #left = 300;

  constructor(random: Random, draft: Draft) {
    this.#random = random;
    this.#draft = draft;
  }

  add(type: Json, depth = 0): void {
    if (this.#left-- < 0 || depth > 70) return;
    if (Array.isArray(type)) this.#addUnion(type, depth);
    else if (typeof type === 'string') this.#addNamed(type, depth);
    else if (typeof type === 'object' && type !== null) this.#addHolder(type, depth);
  }

  #addHolder(type: object, depth: number): void {
    const kind = member(type, 'type');
    const name = member(type, 'name');
    if (typeof name === 'string') this.#named.set(name, type);
    if (kind === 'record') this.#addFields(member(type, 'fields'), depth);
    else if (kind === 'array') this.#addItems(member(type, 'items'), { depth, keys: false });
    else if (kind === 'map') this.#addItems(member(type, 'values'), { depth, keys: true });
    else if (kind === 'fixed') this.#addBytes(Math.trunc(Number(member(type, 'size'))));
    else this.add(kind === 'enum' ? 'int' : kind, depth + 1);
  }

  #addFields(fields: Json, depth: number): void {
    for (const field of Array.isArray(fields) ? fields : []) this.add(member(field, 'type'), depth + 1);
  }

  #addUnion(branches: readonly Json[], depth: number): void {
    const branch = this.#random.below(branches.length);
    this.#draft.addNumber(branch);
    this.add(branches[branch], depth + 1);
  }

  #addItems(items: Json, { depth, keys }: { readonly depth: number; readonly keys: boolean }): void {
    // Without bytes there may be many.
    const count = items === 'null' && !keys && this.#random.once(2) ? 60_000 : this.#random.below(4);
    if (count > 0) this.#draft.addNumber(count);
    for (let item = 0; item < Math.min(count, 4); item++) {
      if (keys) this.#addText();
      this.add(items, depth + 1);
    }
    this.#draft.addNumber(0);
  }

  #addNamed(name: string, depth: number): void {
    const random = this.#random;
    if (name === 'boolean') this.#draft.addNumber(-random.below(2));
    else if (name === 'int' || name === 'enum') this.#draft.addNumber(random.next() | 0);
    else if (name === 'long')
      this.#draft.addNumber(random.once(2) ? random.below(200) : random.next() * random.below(2 ** 20));
    else if (name === 'string' || name === 'bytes') this.#addText();
    else if (name === 'float' || name === 'double') this.#addBytes(name === 'float' ? 4 : 8);
    else if (name !== 'null') this.add(this.#named.get(name), depth + 1);
  }

  #addText(): void {
    const length = this.#random.once(10) ? this.#random.below(300) : this.#random.below(20);
    this.#draft.addNumber(length);
    this.#addBytes(length);
  }

  #addBytes(count: number): void {
    if (count >= 0 && count <= 300) this.#draft.addRandom(this.#random, { least: count, most: count });
  }
}
