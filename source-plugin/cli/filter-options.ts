import type { Filter } from '../../filter-core/filter.js';
import {
  readCgroups,
  readComms,
  readContainers,
  readNetns,
  readNetnsPlaces,
  readNets,
  readPorts,
  readRateLimit,
  readUids,
} from './filter-values.js';
import type { Option } from './options.js';

/** What accepts have to meet beyond tcpaccept's options. */
export const FILTER_OPTIONS: readonly Option<Filter>[] = [
  {
    flags: ['--remote-port'],
    metavar: 'PORTS',
    help: 'trace these remote ports only, a list as for -P',
    yields: true,
    key: 'remotePorts',
    read: readPorts,
  },
  {
    flags: ['--remote'],
    metavar: 'NETS',
    help: 'trace peers in these networks only: addresses, or as 192.0.2.0/24',
    yields: true,
    key: 'remoteNets',
    read: readNets,
  },
  {
    flags: ['--exclude-remote'],
    metavar: 'NETS',
    help: 'trace no peers in these networks',
    yields: true,
    key: 'excludeRemoteNets',
    read: readNets,
  },
  {
    flags: ['--local'],
    metavar: 'NETS',
    help: 'trace connections to addresses in these networks only',
    yields: true,
    key: 'localNets',
    read: readNets,
  },
  {
    flags: ['--exclude-local'],
    metavar: 'NETS',
    help: 'trace no connections to addresses in these networks',
    yields: true,
    key: 'excludeLocalNets',
    read: readNets,
  },
  {
    flags: ['--uid'],
    metavar: 'UIDS',
    help: 'trace threads of these real user ids only',
    yields: true,
    key: 'uids',
    read: readUids,
  },
  {
    flags: ['--comm'],
    metavar: 'NAMES',
    help: 'trace threads of these names only, at most 15 bytes each',
    yields: true,
    key: 'comms',
    read: readComms,
  },
  {
    flags: ['--cgroup-path'],
    metavar: 'PATHS',
    help: 'trace these cgroups, and all below them, only: paths from the root of the version 2 hierarchy',
    yields: true,
    key: 'cgroups',
    read: readCgroups,
  },
  {
    flags: ['--container'],
    metavar: 'IDS',
    help: 'trace these containers only: ids, or their first 8 or more digits',
    yields: true,
    key: 'containers',
    read: readContainers,
  },
  {
    flags: ['--no-loopback'],
    help: 'trace no connections of this host to itself',
    yields: true,
    key: 'loopback',
    read: () => false,
  },
  {
    flags: ['--rate-limit'],
    metavar: 'N/KEY',
    help: "print at most N accepts a second of each 'remote_address', 'local_port', 'comm' or 'pid'; the others are counted",
    yields: true,
    key: 'rateLimit',
    read: readRateLimit,
  },
];

const NETNS = { flags: ['--netns'], metavar: 'NETNS', yields: true } as const;

/** Of records, which may be another host's. */
export const NETNS_OPTION: Option<Filter> = {
  ...NETNS,
  help: 'print these network namespaces only: inode numbers',
  key: 'netns',
  read: readNetns,
};

/** Of live accepts: network namespaces are this host's. */
export const NETNS_PLACE_OPTION: Option<{ readonly netnsPlaces?: readonly (number | string)[] }> = {
  ...NETNS,
  help: 'trace these network namespaces only: inode numbers, or paths as /run/netns/blue',
  key: 'netnsPlaces',
  read: readNetnsPlaces,
};

/** An example of each; the lines of an epilog. */
export const FILTER_EXAMPLES = `    acceptstream -P 22,8000-8099              # ssh, and a range of ports
    acceptstream --remote-port 0-1023         # from privileged ports
    acceptstream --remote 192.0.2.0/24,2001:db8::/32  # these peers only
    acceptstream --exclude-remote 10.0.0.0/8  # all peers but these
    acceptstream --local 192.0.2.10           # to one of our addresses
    acceptstream --exclude-local 127.0.0.0/8  # not to these addresses
    acceptstream --uid 0,33                   # servers of these users
    acceptstream --comm nginx,sshd            # threads of these names
    acceptstream --netns /run/netns/blue      # in a network namespace
    acceptstream --cgroup-path /system.slice  # services of systemd
    acceptstream --container 3f4e1a2b9c0d     # in a container
    acceptstream --no-loopback                # from other hosts only
    acceptstream --rate-limit 10/remote_address  # 10 a second of a peer
`;
