// The guests of a run: one per kernel, side by side as CPUs and memory allow.
import { mkdirSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { agentArchive, modulesArchive } from './agent.mjs';
import { findEmulator } from './emulator.mjs';
import { pack, systemArchive } from './guest.mjs';
import { figures, judge, parseLines } from './judge.mjs';
import { findKernel } from './kernels.mjs';
import { GUEST_BYTES, runGuest, stderrOf } from './qemu.mjs';

// Two minutes on two CPUs that do nothing else.
const TIMEOUT_MS = 1_200_000;
const CONSOLE_LINES = 45;
// A shell's status of a program that a signal ended is above it.
const SIGNALLED = 128;

const seconds = (since) => Math.round((performance.now() - since) / 1000);

async function prepare(architecture, { root, scratch, packed }) {
  const emulator = await findEmulator(architecture);
  const own = `${scratch}/${architecture.debian}`;
  mkdirSync(own);
  const { busybox = emulator.busybox, addRuntime, compilers } = await architecture.parts(root, own);
  const system = await systemArchive({ root, packed, busybox, addRuntime });
  return { emulator, archives: [system, agentArchive(root, own, compilers)] };
}

async function prepareAll(kernels, { root, scratch }) {
  const packed = await pack(root, scratch);
  const parts = new Map();
  for (const architecture of new Set(kernels.map((kernel) => kernel.architecture)))
    parts.set(architecture, await prepare(architecture, { root, scratch, packed }));
  return parts;
}

// An agent that ended badly said why on its console.
function lastWords({ status, console }) {
  return status === 0 ? [] : [`exit status ${status}`, ...stderrOf(console).trim().split('\n').slice(-CONSOLE_LINES)];
}

async function runAgent(parts) {
  return runGuest(parts, { timeoutMs: TIMEOUT_MS }).catch((error) => ({
    status: 1,
    console: '',
    stdout: error.stdout ?? '',
    words: [error.message],
  }));
}

// Emulated CPUs crash a program that no real one does, seldom: once is told, twice is ours.
async function runAgentAgain(parts, say) {
  const end = await runAgent(parts);
  if (end.status <= SIGNALLED) return end;
  say(`kernel ${parts.kernel.release}: once more, the agent crashed\n${lastWords(end).join('\n')}`);
  return runAgent(parts);
}

async function observe(kernel, { emulator, archives }, { hooks, say }) {
  const start = performance.now();
  const end = await runAgentAgain({ kernel, emulator, archives: [...archives, modulesArchive(kernel)] }, say);
  const lines = parseLines(end.stdout);
  const { series, release, version } = kernel;
  return {
    kernel: { series, release, version, seconds: seconds(start), ...figures(lines) },
    cells: judge(series, lines, hooks),
    words: end.words ?? lastWords(end),
  };
}

/** As many guests at a time as there are CPUs for and memory. */
function sideBySide() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / GUEST_BYTES)));
}

// What the index has and the mirror has not, is missing too.
async function find(series, say) {
  try {
    return await findKernel(series);
  } catch (error) {
    say(`kernel ${series}: ${error.stderr || error.message}`);
    return undefined;
  }
}

/**
 * Boots a guest for each series and observes all hooks in it. `say` is told how far it is.
 * @returns {Promise<{observed: object[], missing: string[]}>} kernels with their cells; series that the mirror has not
 */
export async function observeKernels(series, hooks, { root, scratch, say }) {
  say('fetching kernels and the emulator, packing the package');
  const kernels = [];
  for (const one of series) kernels.push(await find(one, say));
  const waiting = kernels.filter(Boolean);
  const parts = await prepareAll(waiting, { root, scratch });
  const observed = [];
  const work = async () => {
    for (let kernel = waiting.shift(); kernel; kernel = waiting.shift()) {
      say(`kernel ${kernel.release} starts`);
      const one = await observe(kernel, parts.get(kernel.architecture), { hooks, say });
      say(
        `kernel ${kernel.release}: ${one.cells.filter(({ passed }) => !passed).length} failed, ${one.kernel.seconds} s`,
      );
      observed.push(one);
    }
  };
  await Promise.all(Array.from({ length: sideBySide() }, work));
  const inOrder = series.flatMap((name) => observed.filter(({ kernel }) => kernel.series === name));
  return { observed: inOrder, missing: series.filter((_, at) => !kernels[at]) };
}
