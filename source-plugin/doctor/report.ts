import { oneLine } from '../../schemas/error.js';
import type { HookTrial } from '../ladder.js';
import { type Check, isMemlockShort, machineChecks } from './checks.js';
import { blindSpots, hookChecks } from './hooks.js';
import type { Machine } from './machine.js';

/** What --json prints. Keys are only ever added. */
export interface Report {
  /** Of acceptstream and of Node.js. */
  readonly version: string;
  readonly node: string;
  readonly arch: string;
  /** Whether a capture with default options would start. */
  readonly works: boolean;
  /** The hook it would take, null for none. */
  readonly hook: string | null;
  /** What that hook does not see. */
  readonly blind_spots: readonly string[];
  readonly checks: readonly Check[];
  /** A check for each hook, best first; empty when none could be tried. */
  readonly hooks: readonly Check[];
}

export interface Findings {
  readonly version: string;
  readonly machine: Machine;
  readonly libbpf: { readonly version: string; readonly problem: string };
  readonly trials: readonly HookTrial[];
}

export function reportOf({ version, machine, libbpf, trials }: Findings): Report {
  const hook = trials.find(({ works }) => works)?.hook;
  const checks = machineChecks(machine, libbpf);
  return {
    version,
    node: process.version,
    arch: process.arch,
    works: hook !== undefined && !isMemlockShort(machine.memlock),
    hook: hook ?? null,
    blind_spots: hook === undefined ? [] : blindSpots(hook, machine),
    checks,
    hooks: hookChecks(trials, machine),
  };
}

/** The report for people: a line a check, then what it comes to. */
export function textOf(report: Report): string {
  const { version, node, arch, checks, hooks } = report;
  const lines = [...checks, ...hooks].map(lineOf);
  const text = [`acceptstream ${version}, Node.js ${node}, ${arch}`, '', ...lines, '', ...conclusion(report)];
  return `${text.join('\n')}\n`;
}

function lineOf({ name, status, detail, remedy }: Check): string {
  const line = `${status.padEnd(4)}  ${name.padEnd(26)}  ${detail}`;
  return oneLine(remedy ? `${line}: ${remedy}` : line);
}

function conclusion({ works, hook, blind_spots }: Report): string[] {
  if (!works) return ['Capture does not work here, for what failed above.'];
  if (blind_spots.length === 0) return [`Capture works, by ${hook}, which sees every accept.`];
  return [`Capture works, by ${hook}, which does not see`, ...blind_spots.map((spot) => `  - ${spot}`)];
}
