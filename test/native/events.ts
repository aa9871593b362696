import { randomUUID } from 'node:crypto';
import { encodeEvents, HOOKS, type Identity } from '../../native/index.js';
import type { Accept } from '../../schemas/accept.js';
import { acceptType } from '../source-plugin/memory-source.js';

// Kernel events by hand (bpf/event.h), and what the encoder makes of them.

export const FLAGS = { exeDeleted: 0x04, cgroupCut: 0x08, exeCut: 0x10 };

/** What an event says; bytes where they need not be UTF-8. Names are those of a path, the leaf's first. */
export interface Event {
  readonly ipVersion?: 4 | 6;
  readonly flags?: number;
  readonly monotonicNs?: bigint;
  readonly processStartNs?: bigint;
  readonly cgroupId?: bigint;
  readonly pid?: number;
  readonly uid?: number;
  readonly remotePort?: number;
  readonly localPort?: number;
  readonly remote?: readonly number[];
  readonly local?: readonly number[];
  readonly comm?: Uint8Array;
  readonly cgroup?: readonly (string | Uint8Array)[];
  readonly exe?: readonly (string | Uint8Array)[];
}

const FIXED_BYTES = 160;

const namesOf = (names: Event['exe'] = []) =>
  Buffer.concat(names.flatMap((name) => [Buffer.from(name as string), Buffer.of(0)]));

/** Names of a path as an event has them. */
export const namesIn = (path: string) => path.split('/').slice(1).reverse();

/** An event behind its length. */
export function eventOf(event: Event): Buffer {
  const [cgroup, exe] = [namesOf(event.cgroup), namesOf(event.exe)];
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.set([3, event.ipVersion ?? 4, HOOKS.length - 1, event.flags ?? 0]);
  fixed.writeBigUInt64LE(event.monotonicNs ?? 1_000_000_000n, 8);
  fixed.writeBigUInt64LE(1n, 16);
  fixed.writeBigUInt64LE(event.processStartNs ?? 0n, 32);
  fixed.writeBigInt64LE(event.cgroupId ?? 1n, 40);
  fixed.writeUInt32LE(event.pid ?? 1, 64);
  fixed.writeUInt32LE(event.uid ?? 0, 76);
  fixed.writeUInt16LE(event.remotePort ?? 0, 104);
  fixed.writeUInt16LE(event.localPort ?? 0, 106);
  fixed.writeUInt16LE(cgroup.length, 108);
  fixed.writeUInt16LE(exe.length, 110);
  fixed.set(event.remote ?? [], 112);
  fixed.set(event.local ?? [], 128);
  fixed.set(event.comm ?? [], 144);
  const whole = Buffer.concat([fixed, cgroup, exe]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(whole.length);
  return Buffer.concat([length, whole]);
}

/** An identity of its own: nothing is kept from what others asked. */
export const identityOf = (fields: Partial<Identity> = {}): Identity => ({
  host: 'db1',
  hostId: '',
  captureId: randomUUID(),
  bootId: '6a2f6b5e-9c0d-4f4e-8d7c-2b1a09f8e7d6',
  ...fields,
});

/** The records of some events, as avsc reads them; nothing may be left over. */
export function recordsOf(events: readonly Event[], identity = identityOf()): Accept[] {
  const target = new Uint8Array(1 << 20);
  const bytes = Buffer.from(target.buffer, 0, encodeEvents(Buffer.concat(events.map(eventOf)), identity, target));
  const records: Accept[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, offset } = acceptType.decode(bytes, at) as { value: Accept; offset: number };
    if (offset <= at) throw new Error(`no datum at byte ${at} of ${bytes.length}`);
    records.push(value);
    at = offset;
  }
  return records;
}

export function recordOf(event: Event, identity = identityOf()): Accept {
  const [record] = recordsOf([event], identity);
  if (record === undefined) throw new Error('no record');
  return record;
}
