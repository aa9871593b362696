"""Calls a module as Fluent Bit's filter_wasm does, in an engine with no more than its WebAssembly has.

usage: wasmtime-host.py MODULE < RECORDS > ANSWERS, a line each; a record that is dropped is an empty line.
"""
import sys
from wasmtime import Config, Engine, Instance, Module, Store

TAG = b"accepts\0"
STACK_BYTES = 65536

config = Config()
config.wasm_simd = False
config.wasm_relaxed_simd = False
config.wasm_threads = False
config.wasm_tail_call = False
config.wasm_memory64 = False
config.wasm_multi_memory = False
config.wasm_exceptions = False
config.max_wasm_stack = STACK_BYTES

store = Store(Engine(config))
module = Module.from_file(store.engine, sys.argv[1])
# No WASI, and no other import.
exports = Instance(store, module, []).exports(store)
memory = exports["memory"]


def put(data):
    address = exports["__pin"](store, exports["__new"](store, len(data), 0))
    memory.write(store, data, address)
    return address


def text_at(address):
    end = memory.data_len(store)
    if not 0 <= address < end:
        raise ValueError(f"no text at {address}")
    text = b""
    while b"\0" not in text:
        more = memory.read(store, address, min(address + 4096, end))
        if not more:
            raise ValueError(f"no end of the text before {end}")
        text += more
        address += len(more)
    return bytes(text[: text.index(b"\0")])


def answer(record):
    tag, given = put(TAG), put(record + b"\0")
    text = text_at(exports["acceptstream_filter"](store, tag, len(TAG) - 1, 0, 0, given, len(record)))
    for address in (tag, given):
        exports["__unpin"](store, address)
    return text


for line in sys.stdin.buffer:
    sys.stdout.buffer.write(answer(line[:-1]) + b"\n")
print(f"{memory.data_len(store)} bytes", file=sys.stderr)
