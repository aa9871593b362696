import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { instantiate } from '@assemblyscript/loader';
import type { StepKind } from './plan.js';

/** A WebAssembly.Global that holds a number. */
interface Cell {
  readonly value: number;
}

type Address = 'INPUT' | 'OUTPUT' | 'PORTS' | 'REMOTE_PORTS' | 'PLAN' | 'PARTS' | 'HEADERS' | 'BLOCKS' | FilterTable;
type FilterTable = 'BOUNDARIES' | 'UIDS' | 'NETNSES' | 'COMMS' | 'CGROUPS' | 'CONTAINERS' | 'RATES';
type Size =
  | 'INPUT_BYTES'
  | 'OUTPUT_BYTES'
  | 'PORTS_BYTES'
  | 'PLAN_FIELDS'
  | 'PARTS_MAX'
  | 'STEP_BYTES'
  | 'DATUM_MAX'
  | 'NO_SLOT'
  | 'HEADERS_MAX'
  | 'PARTITIONS_MAX'
  | 'BLOCK_BYTES'
  | FilterSize;
type FilterSize =
  | 'NETS_MAX'
  | 'BOUNDARIES_MAX'
  | 'BOUNDARY_BYTES'
  | 'LIST_MAX'
  | 'TEXTS_MAX'
  | 'TEXT_MAX'
  | 'TEXT_BYTES'
  | 'RATE_PLACES'
  | 'RATE_BYTES';
type Rate = 'RATE_REMOTE_ADDRESS' | 'RATE_LOCAL_PORT' | 'RATE_COMM' | 'RATE_PID';
type Key = 'KEY_NONE' | 'KEY_HOST' | 'KEY_REMOTE_ADDRESS' | 'KEY_LOCAL_PORT' | 'KEY_PROCESS';
type Template = 'JSON' | 'ECS' | 'OCSF' | 'OTEL' | 'FORWARD';
type Status = 'DONE' | 'OUTPUT_FULL' | 'ZONE_LEFT' | 'MALFORMED_INPUT' | 'TOO_LONG';
type Found = 'WHOLE' | 'CUT' | 'WRONG';
type Outcome = 'position' | 'written' | 'received' | 'kept' | 'instant' | 'blocks' | Suppressed;
type Suppressed = 'suppressed' | 'suppressedKeys' | 'unlimited';

/** What assembly/index.ts exports. Every address and size on this side is taken from there. */
export type CoreModule = Readonly<
  Record<Address | Size | Key | Rate | Template | Status | Found | Outcome | Uppercase<StepKind>, Cell>
> & {
  readonly memory: { readonly buffer: ArrayBuffer };
  longest(): number;
  setLines(template: number): void;
  setBlocks(): void;
  setKafka(partitions: number, key: number, schemaId: number, headers: number): void;
  setTable(wide: boolean, clock: boolean, seconds: boolean): void;
  setFilter(pid: number, family: number, ports: boolean): void;
  setMore(remotePorts: boolean, loopback: boolean, since: number, until: number): void;
  setNets(local: boolean, boundaries: number, others: boolean): void;
  setLists(uids: number, netns: number, comms: number): void;
  setPlaces(cgroups: number, containers: number): void;
  setRate(key: number, records: number, microseconds: number): void;
  forgetSuppressed(): void;
  setUnknown(slot: number, value: number): void;
  setPlan(fields: number): void;
  setZone(from: number, until: number, offsetSeconds: number): void;
  run(from: number, to: number): number;
  measure(from: number, to: number, most: number): number;
  isDatum(from: number, to: number): number;
};

/** What a filter is written into: a core, or the module of another host. */
export type FilterModule = Pick<
  CoreModule,
  | Exclude<FilterTable, 'RATES'>
  | Rate
  | 'PORTS'
  | 'PORTS_BYTES'
  | 'REMOTE_PORTS'
  | 'BOUNDARIES_MAX'
  | 'BOUNDARY_BYTES'
  | 'TEXT_BYTES'
  | 'memory'
  | 'setFilter'
  | 'setMore'
  | 'setNets'
  | 'setLists'
  | 'setPlaces'
  | 'setRate'
>;

/** A core with memory and state of its own. */
export async function instantiateCore(): Promise<CoreModule> {
  const path = createRequire(import.meta.url).resolve('#dist/filter-core.wasm');
  const { exports } = await instantiate<CoreModule>(await readFile(path));
  return exports;
}
