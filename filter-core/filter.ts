/** A port, or all from one to another. */
export type Ports = number | readonly [from: number, to: number];

/** What a rate limit counts by. */
export const RATE_KEYS = ['remote_address', 'local_port', 'comm', 'pid'] as const;
export type RateKey = (typeof RATE_KEYS)[number];

/**
 * At most `records` records with the same key in `intervalMs` from the first of them on, by their event_time alone. A
 * mapped address (::ffff:a.b.c.d) is its IPv4 address, and the local port of a reset connection is 0; texts that are no
 * address are one key, and so are names of over 15 bytes, which no kernel has.
 */
export interface RateLimit {
  readonly records: number;
  readonly key: RateKey;
  /** Default 1000. */
  readonly intervalMs?: number;
}

/**
 * What a record must meet to be kept; all that is given must hold, and an empty list is no condition. The kernel's filters
 * give the same answers.
 *
 * A network is the text of an address (RFC 4291, section 2.2) with the number of its first bits that count: 192.0.2.0/24.
 * Without it, all do. ::ffff:a.b.c.d is the IPv4 address, here and in records, so 0.0.0.0/0 is every IPv4 peer and ::/0
 * every other one. Text that is no address is in no network.
 */
export interface Filter {
  /** Any number from 0 on; one that no process can have keeps nothing. */
  readonly pid?: number;
  /** Local ports 0-65535, as tcpaccept prints them: 0 when the connection was reset. */
  readonly ports?: readonly Ports[];
  /** Family of the socket; an IPv4 peer of a dual-stack listener is 6. */
  readonly family?: 4 | 6;
  /** Networks, one of which the peer must be in. */
  readonly remoteNets?: readonly string[];
  /** Networks in which the peer must not be. */
  readonly excludeRemoteNets?: readonly string[];
  /** The same of the address that the peer connected to. */
  readonly localNets?: readonly string[];
  readonly excludeLocalNets?: readonly string[];
  readonly remotePorts?: readonly Ports[];
  /** Real user ids, 0 to 4294967295. */
  readonly uids?: readonly number[];
  /** Names of threads, whole: 1 to 15 bytes. */
  readonly comms?: readonly string[];
  /** Inode numbers of network namespaces. */
  readonly netns?: readonly number[];
  /**
   * Paths of cgroups from the root of the version 2 hierarchy, without a slash at the end: the cgroup and all below it. A
   * record whose path is cut is in none but the root, one without a path not even there.
   */
  readonly cgroups?: readonly string[];
  /** Ids of containers, 64 hexadecimal digits, or the first 8 or more of them. */
  readonly containers?: readonly string[];
  /** false: no accept whose both ends are this host. */
  readonly loopback?: boolean;
  /** First event_time that is kept, and the first that no longer is: whole µs since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Applied by the core alone, after all else. */
  readonly rateLimit?: RateLimit;
}
