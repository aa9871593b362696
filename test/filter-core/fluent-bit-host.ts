// Fluent Bit as its filter_wasm calls a module (plugins/filter_wasm, src/wasm/flb_wasm.c): no WASI, no imports.

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  __new(bytes: number, id: number): number;
  __pin(address: number): number;
  __unpin(address: number): void;
}

type Filter = (tag: number, tagLength: number, sec: number, nsec: number, record: number, length: number) => number;

// @types/node declares no WebAssembly.
interface WebAssemblyNamespace {
  Module: { new (bytes: Uint8Array): object; imports(module: object): readonly object[] };
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace }).WebAssembly;

const TAG = Buffer.from('accepts\0');
const PAGE_BYTES = 65536;

/** What became of a record: its text, and whether it is the very one that was given. Dropped: the empty text. */
export interface Outcome {
  readonly text: string;
  readonly isSame: boolean;
}

export class FluentBitHost {
  readonly #exports: Exports;
  readonly #filter: Filter;
  /** Where records are put that shall end with the memory; 0 for the module's own allocator. */
  readonly #end: number;

  constructor(bytes: Uint8Array, { atEnd = false, name = 'acceptstream_filter' } = {}) {
    const module = new Module(bytes);
    if (Module.imports(module).length > 0) throw new Error('the module has imports');
    this.#exports = new Instance(module, {}).exports as Exports;
    this.#filter = (this.#exports as unknown as Readonly<Record<string, Filter>>)[name] as Filter;
    this.#end = atEnd ? (this.#exports.memory.grow(8) + 8) * PAGE_BYTES : 0;
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** What wasm_runtime_module_dup_data() answers for a text with its zero. */
  #put(bytes: Uint8Array): number {
    const { memory, __new, __pin } = this.#exports;
    const address = this.#end ? this.#end - bytes.length : __pin(__new(bytes.length, 0));
    new Uint8Array(memory.buffer).set(bytes, address);
    return address;
  }

  #free(address: number): void {
    if (!this.#end) this.#exports.__unpin(address);
  }

  /** One record, at a time since the epoch. Throws what traps, and at an answer that is no text in memory. */
  filter(record: string | Uint8Array, [seconds, nanoseconds] = [0, 0]): Outcome {
    const body = Buffer.from(record as string);
    const tag = this.#end ? 0 : this.#put(TAG);
    const given = this.#put(Buffer.concat([body, Buffer.of(0)]));
    const answer = this.#filter(tag, TAG.length - 1, seconds, nanoseconds, given, body.length);
    const text = textAt(new Uint8Array(this.#exports.memory.buffer), answer);
    if (tag) this.#free(tag);
    this.#free(given);
    return { text, isSame: answer === given };
  }

  /** As when the guest had no memory for the copies. */
  filterNothing(length: number): number {
    return this.#filter(0, TAG.length - 1, 0, 0, 0, length);
  }
}

function textAt(memory: Uint8Array, address: number): string {
  const end = address < 0 || address >= memory.length ? -1 : memory.indexOf(0, address);
  if (end < 0) throw new Error(`no text at ${address}`);
  return Buffer.from(memory.subarray(address, end)).toString();
}
