/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What kernel programs and native reader share. Private to both: past the
 * reader only the Avro record of schemas/accept.avsc exists.
 *
 * An event is a struct accept_event, cgroup_length bytes of names and
 * exe_length bytes of names. Integers are host endian, ports too; addresses are
 * in network order, an IPv4 address in the first 4 bytes. Unknown numbers are -1.
 *
 * Names are those of a path, each followed by a NUL, the leaf's first: of the
 * cgroup up to the root of the version 2 hierarchy, whose own name is none, and
 * of the executable up to the root of its mount namespace. What does not fit
 * into ACCEPT_NAMES_BYTES is cut at the root's side.
 */
#ifndef ACCEPTSTREAM_EVENT_H
#define ACCEPTSTREAM_EVENT_H

#include <linux/types.h>

#ifdef __cplusplus
#define _Static_assert static_assert
#endif

#define ACCEPT_EVENT_LAYOUT 3
#define ACCEPT_COMM_BYTES 16
#define ACCEPT_NAME_BYTES 256 /* one name and its NUL */
#define ACCEPT_NAMES_BYTES 1024 /* of one path */

/* accept_event.flags */
#define ACCEPT_PEER_RESET 0x01
#define ACCEPT_MPTCP 0x02
#define ACCEPT_EXE_DELETED 0x04
#define ACCEPT_CGROUP_CUT 0x08
#define ACCEPT_EXE_CUT 0x10

/* accept_event.hook, best first; the reader names them */
enum accept_hook {
	ACCEPT_HOOK_FENTRY_INET_ACCEPT = 0,
	ACCEPT_HOOK_FENTRY_SOCK_GRAFT = 1,
	ACCEPT_HOOK_KPROBE_INET_ACCEPT = 2,
	ACCEPT_HOOK_KPROBE_SOCK_GRAFT = 3,
	ACCEPT_HOOK_TRACEPOINT = 4,
	ACCEPT_HOOK_TP_BTF = 5,
};

struct accept_event {
	__u8 layout; /* ACCEPT_EVENT_LAYOUT */
	__u8 ip_version;
	__u8 hook;
	__u8 flags;
	__u32 cpu;
	__u64 monotonic_ns;
	__u64 sequence; /* from 1, per CPU: lost ones included */
	__u64 lost; /* per CPU, cumulative, before this event */
	__u64 process_start_ns; /* CLOCK_BOOTTIME; 0 when unknown */
	__s64 cgroup_id;
	__s64 queued_us;
	__s64 rtt_us;
	__u32 pid;
	__u32 tid;
	__s32 ppid;
	__u32 uid;
	__u32 gid;
	__s32 backlog;
	__s32 backlog_max;
	__u32 netns; /* namespaces: 0 when unknown */
	__u32 mntns;
	__u32 pidns;
	__u16 remote_port;
	__u16 local_port;
	__u16 cgroup_length; /* 0: the root, or unknown */
	__u16 exe_length; /* 0: a thread of the kernel, or unknown */
	__u8 remote_address[16];
	__u8 local_address[16];
	char comm[ACCEPT_COMM_BYTES]; /* up to the first NUL */
};

/* accept_filter.nets and the values of the map of networks */
#define ACCEPT_NET_INCLUDED 0x01
#define ACCEPT_NET_EXCLUDED 0x02

/* accept_filter.cgroups; of the root and all below it, or of the cgroups that the steps lead to */
#define ACCEPT_CGROUPS_ALL 1
#define ACCEPT_CGROUPS_LISTED 2

/* What the loader sets before load; the verifier drops the code of what is off. */
struct accept_filter {
	__s64 pid; /* -1 is off: 0 is a filter that nothing passes */
	__u16 family; /* 0 is off */
	__u8 ports; /* the booleans: 0 is off */
	__u8 remote_ports;
	__u8 uids;
	__u8 comms;
	__u8 netns;
	__u8 no_loopback;
	__u8 nets[2]; /* by side: which flags any of its networks has; 0 is off */
	__u8 cgroups; /* 0 is off */
	__u8 cgroup_map;
	__u8 mntns_map;
	__u8 pad[3];
	__u64 port_bits[1024];
	__u64 remote_port_bits[1024];
};

enum accept_side {
	ACCEPT_REMOTE = 0,
	ACCEPT_LOCAL = 1,
};

/* Key of the longest-prefix map of networks; a mapped address (::ffff:a.b.c.d) is one of family 4. */
struct accept_net {
	__u32 bits; /* of what follows; ACCEPT_NET_BITS of them before the address */
	__u8 side;
	__u8 family; /* 4 or 6 */
	__u8 pad[2];
	__u8 address[16]; /* in network order, zeros behind the bits */
};

#define ACCEPT_NET_BITS 32

/* Key of the map of steps from the root of the cgroups down: the node reached so far and a name below it. */
struct accept_cgroup_step {
	__u32 node; /* 0 is the root */
	char name[ACCEPT_NAME_BYTES]; /* zeros behind it */
};

/* Value of the map of steps: the next node, or that a listed cgroup is reached. */
#define ACCEPT_CGROUP_LISTED 0xffffffff

/*
 * By which accepts the capture proves its hook: those of its own process on its
 * own port. The loader sets it after attaching and clears it before it gives up
 * the port, which is anybody's then.
 */
struct accept_probe {
	__u16 port; /* 0 is off */
	__u8 pad[2];
	__u32 pid; /* as the process sees it, in its pid namespace */
	__u32 pidns;
};

/* One per possible CPU, in a mapped array; padded to a cache line of its own. */
struct accept_counters {
	__u64 seen; /* TCP and MPTCP accepts at the hook */
	__u64 filtered;
	__u64 submitted;
	__u64 lost;
	__u64 probe; /* accepts of the capture itself, outside seen */
	__u64 pad[3];
};

_Static_assert(__builtin_offsetof(struct accept_event, comm) == 144, "event layout");
_Static_assert(sizeof(struct accept_event) == 160, "event size");
_Static_assert(sizeof(struct accept_filter) == 24 + 2 * 8192, "filter size");
_Static_assert(sizeof(struct accept_net) == 24, "network size");
_Static_assert(sizeof(struct accept_cgroup_step) == 4 + ACCEPT_NAME_BYTES, "step size");
_Static_assert(sizeof(struct accept_probe) == 12, "probe size");
_Static_assert(sizeof(struct accept_counters) == 64, "counters fill a cache line");

#endif
