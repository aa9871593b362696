import { isIP } from 'node:net';

/** A network: the addresses whose first `bits` are those of `address` (4 or 16 bytes, zeros behind the bits). */
export interface Net {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly bits: number;
}

/** Bits of ::ffff:0:0/96, in which the IPv4 addresses are. */
const MAPPED_BITS = 96;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function bytesOfFour(text: string): number[] {
  return text.split('.').map(Number);
}

function groupBytes(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return bytesOfFour(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function bytesOfSix(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const front = groupBytes(head);
  const back = groupBytes(tail ?? '');
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

/** `bytes` with zeros behind the first `bits`. */
function masked(bytes: readonly number[], bits: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => {
    const kept = Math.min(Math.max(bits - index * 8, 0), 8);
    return byte & (0xff00 >> kept);
  });
}

/**
 * A network from its text, as interface Filter says it; undefined for any other text. ::ffff:a.b.c.d/n is the IPv4
 * network of n - 96 bits from n = 96 on; with fewer bits it holds no IPv4 address.
 */
export function parseNet(text: string): Net | undefined {
  const [, address = '', given] = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = Number(given ?? most);
  if (bits > most) return undefined;
  const bytes = version === 4 ? bytesOfFour(address) : bytesOfSix(address);
  const isMapped = version === 6 && MAPPED_PREFIX.every((byte, index) => byte === bytes[index]);
  if (version === 4) return { family: 4, address: masked(bytes, bits), bits };
  if (!isMapped || bits < MAPPED_BITS) return { family: 6, address: masked(bytes, bits), bits };
  return { family: 4, address: masked(bytes.slice(12), bits - MAPPED_BITS), bits: bits - MAPPED_BITS };
}

/** Addresses as numbers of 128 bits, IPv4 mapped: from the first to before `to`. */
interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

const MAPPED = 0xffffn << 32n;
const MAPPED_END = MAPPED + (1n << 32n);

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The addresses of a network; an IPv6 one around the mapped addresses has a hole there. */
function rangesOf({ family, address, bits }: Net): Range[] {
  const start = numberOf(address) + (family === 4 ? MAPPED : 0n);
  const range = { from: start, to: start + (1n << BigInt((family === 4 ? 32 : 128) - bits)) };
  if (family === 4 || range.from > MAPPED || range.to < MAPPED_END) return [range];
  return [
    { from: range.from, to: MAPPED },
    { from: MAPPED_END, to: range.to },
  ];
}

/** By address, how many more ranges hold what is from there on. */
function steps(nets: readonly string[]): Map<bigint, number> {
  const deltas = new Map<bigint, number>();
  const add = (address: bigint, delta: number) => deltas.set(address, (deltas.get(address) ?? 0) + delta);
  for (const net of nets) {
    for (const { from, to } of rangesOf(parseNet(net) ?? { family: 4, address: new Uint8Array(4), bits: 32 })) {
      add(from, 1);
      add(to, -1);
    }
  }
  return deltas;
}

/**
 * Where the addresses that two lists of networks let pass begin and end by turns, in order, IPv4 addresses mapped. An
 * empty `included` lets all pass that are not excluded. The end of all addresses is left out.
 */
export function boundariesOf(included: readonly string[], excluded: readonly string[]): readonly bigint[] {
  const inside = steps(included.length > 0 ? included : ['0.0.0.0/0', '::/0']);
  const outside = steps(excluded);
  const addresses = [...new Set([...inside.keys(), ...outside.keys()])].sort((one, other) => (one < other ? -1 : 1));
  const boundaries: bigint[] = [];
  let wanted = 0;
  let unwanted = 0;
  for (const address of addresses) {
    wanted += inside.get(address) ?? 0;
    unwanted += outside.get(address) ?? 0;
    const passes = wanted > 0 && unwanted === 0;
    if (passes !== (boundaries.length % 2 === 1)) boundaries.push(address);
  }
  return boundaries.filter((address) => address < 1n << 128n);
}
