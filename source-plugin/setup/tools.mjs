import { attempt } from './run.mjs';

// Each tool is tried at the job it is needed for; what package it came from doesn't matter.
const TRIALS = {
  clang: { argv: ['clang', '-target', 'bpf', '-c', '-x', 'c', '-o', '/dev/null', '-'], input: 'int x;\n' },
  cxx: { argv: ['g++', '-std=c++17', '-shared', '-x', 'c++', '-o', '/dev/null', '-'], input: '#include <string>\n' },
  cc: { argv: ['cc', '-x', 'c', '-o', '/dev/null', '-'], input: '#include <stdio.h>\nint main(void) { return 0; }\n' },
  libbpf: {
    argv: ['g++', '-shared', '-x', 'c++', '-o', '/dev/null', '-', '-lbpf'],
    input: '#include <bpf/libbpf.h>\n#include <linux/bpf.h>\n',
  },
};

export const TOOL_NAMES = {
  clang: 'clang with the bpf target',
  cxx: 'a C++17 compiler (g++)',
  cc: 'a C compiler (cc)',
  libbpf: "libbpf's headers and library",
};

/** @returns {Promise<string[]>} those of `tools` that don't do their job here; without a compiler libraries don't */
export async function missingTools(tools) {
  const results = await Promise.all(tools.map((tool) => attempt(TRIALS[tool].argv, { input: TRIALS[tool].input })));
  return tools.filter((_, at) => results[at].status !== 0);
}
