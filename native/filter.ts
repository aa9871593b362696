/** A network: the addresses whose first `bits` are those of `address` (4 or 16 bytes, zeros behind the bits). */
export interface Net {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly bits: number;
}

/** Which accepts the kernel lets pass. All that is given must hold; an empty list is no condition. */
export interface KernelFilter {
  readonly pid?: number;
  /** Local ports, 0-65535; 0 when the connection was reset. */
  readonly ports?: readonly number[];
  readonly family?: 4 | 6;
  readonly remotePorts?: readonly number[];
  /** Real user ids in the initial user namespace. */
  readonly uids?: readonly number[];
  /** Names of threads, at most 15 bytes of UTF-8. */
  readonly comms?: readonly string[];
  /** Inode numbers. */
  readonly netns?: readonly number[];
  /** Networks; a mapped address (::ffff:a.b.c.d) is the IPv4 address. */
  readonly remoteNets?: readonly Net[];
  readonly excludeRemoteNets?: readonly Net[];
  readonly localNets?: readonly Net[];
  readonly excludeLocalNets?: readonly Net[];
  /** Paths from the root of the version 2 hierarchy: these cgroups and all below them, also those yet to be made. */
  readonly cgroups?: readonly string[];
  /** false: no accept whose both ends are this host. */
  readonly loopback?: boolean;
  /** Paths of the user's pinned sets. */
  readonly cgroupMap?: string;
  readonly mntnsMap?: string;
}

// The layouts are those of bpf/event.h.
const AF = { 4: 2, 6: 10 } as const;
const COMM_BYTES = 16;
const NAME_BYTES = 256;
const NET_BITS = 32;
const SIDE = { remote: 0, local: 1 } as const;
const FLAGS = { included: 1, excluded: 2 } as const;
const CGROUPS = { all: 1, listed: 2 } as const;
const LISTED = 0xffff_ffff;

/** What the addon takes: numbers, bit sets, and keys and values of the maps back to back. */
export function nativeFilter(filter: KernelFilter): Record<string, unknown> {
  const { cgroups = [] } = filter;
  return {
    pid: filter.pid ?? -1,
    family: filter.family === undefined ? 0 : AF[filter.family],
    noLoopback: filter.loopback === false,
    cgroupMap: filter.cgroupMap ?? '',
    mntnsMap: filter.mntnsMap ?? '',
    portBits: portBits(filter.ports ?? []),
    remotePortBits: portBits(filter.remotePorts ?? []),
    uids: setOf(filter.uids ?? [], wordOf),
    comms: setOf(filter.comms ?? [], (comm) => padded(comm, COMM_BYTES)),
    netns: setOf(filter.netns ?? [], wordOf),
    nets: Buffer.concat([
      ...netEntries(SIDE.remote, filter.remoteNets ?? [], filter.excludeRemoteNets ?? []),
      ...netEntries(SIDE.local, filter.localNets ?? [], filter.excludeLocalNets ?? []),
    ]),
    cgroups: cgroups.includes('/') ? CGROUPS.all : cgroups.length > 0 ? CGROUPS.listed : 0,
    cgroupSteps: Buffer.concat(stepsTo(cgroups)),
  };
}

function portBits(ports: readonly number[]): Uint8Array {
  if (ports.length === 0) return new Uint8Array(0);
  const words = new BigUint64Array(1024);
  for (const port of ports) words[port >> 6] = (words[port >> 6] ?? 0n) | (1n << BigInt(port & 63));
  return new Uint8Array(words.buffer);
}

function setOf<Entry>(entries: readonly Entry[], key: (entry: Entry) => Uint8Array): Uint8Array {
  return Buffer.concat([...new Set(entries)].flatMap((entry) => [key(entry), Uint8Array.of(1)]));
}

/** A u32 of this host. */
function wordOf(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function padded(text: string, bytes: number): Uint8Array {
  const cell = Buffer.alloc(bytes);
  cell.write(text);
  return cell;
}

/** Entries of one side, each with the flags of all networks that hold it: the kernel finds only the longest. */
function netEntries(side: number, included: readonly Net[], excluded: readonly Net[]): Uint8Array[] {
  const flags = new Map<string, number>();
  const nets = [
    ...included.map((net) => ({ ...net, flag: FLAGS.included })),
    ...excluded.map((net) => ({ ...net, flag: FLAGS.excluded })),
  ];
  for (const net of nets) {
    const key = keyOf(net, net.bits);
    flags.set(key, (flags.get(key) ?? 0) | net.flag);
  }
  const lengths = [...new Set(nets.map(({ bits }) => bits))];
  return nets.flatMap((net) => {
    const around = lengths.filter((bits) => bits <= net.bits).map((bits) => flags.get(keyOf(net, bits)) ?? 0);
    return [...netKey(side, net), Uint8Array.of(around.reduce((all, flag) => all | flag, 0))];
  });
}

function keyOf({ family, address }: Net, bits: number): string {
  const kept = address.map((byte, index) => byte & (0xff00 >> Math.min(Math.max(bits - 8 * index, 0), 8)));
  return `${family} ${bits} ${kept}`;
}

function netKey(side: number, { family, address, bits }: Net): Uint8Array[] {
  return [wordOf(NET_BITS + bits), Uint8Array.of(side, family, 0, 0), address, new Uint8Array(16 - address.length)];
}

/** Entries of the map of steps: from each node to the next by a name, and to what is listed. */
function stepsTo(cgroups: readonly string[]): Uint8Array[] {
  const steps = new Map<string, { readonly node: number; readonly name: string; readonly next: number }>();
  // What is below a listed one needs no steps of its own.
  for (const path of [...cgroups].sort((one, other) => one.length - other.length)) {
    let node = 0;
    const names = path.split('/').slice(1);
    for (const [level, name] of names.entries()) {
      const key = `${node}/${name}`;
      const next = steps.get(key)?.next ?? (level === names.length - 1 ? LISTED : steps.size + 1);
      steps.set(key, { node, name, next });
      node = next;
      if (next === LISTED) break;
    }
  }
  const possible = [...steps.values()].filter(({ name }) => Buffer.byteLength(name) < NAME_BYTES);
  return possible.flatMap(({ node, name, next }) => [wordOf(node), padded(name, NAME_BYTES), wordOf(next)]);
}
