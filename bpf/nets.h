/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The filters by what an event says of its connection, all ANDed. */
#ifndef ACCEPTSTREAM_NETS_H
#define ACCEPTSTREAM_NETS_H

#include "filter.h"

/*
 * The loader inserts, we look up. The longest network that holds an address has
 * the flags of all that do.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct accept_net);
	__type(value, __u8);
	__uint(max_entries, 1);
} nets SEC(".maps");

static __always_inline struct accept_net host_net(const struct accept_event *event, enum accept_side side)
{
	const __u8 *address = side == ACCEPT_REMOTE ? event->remote_address : event->local_address;
	struct accept_net net = { .bits = ACCEPT_NET_BITS + 32, .side = side, .family = 4 };
	const __u32 *words = (const __u32 *)address;

	if (event->ip_version == 4) {
		__builtin_memcpy(net.address, address, 4);
	} else if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff)) {
		__builtin_memcpy(net.address, address + 12, 4);
	} else {
		__builtin_memcpy(net.address, address, 16);
		net.bits = ACCEPT_NET_BITS + 128;
		net.family = 6;
	}
	return net;
}

static __always_inline bool net_passes(const struct accept_event *event, enum accept_side side)
{
	struct accept_net net = host_net(event, side);
	__u8 *found = bpf_map_lookup_elem(&nets, &net);
	__u8 flags = found ? *found : 0;

	if (flags & ACCEPT_NET_EXCLUDED)
		return false;
	return !(filter.nets[side] & ACCEPT_NET_INCLUDED) || flags & ACCEPT_NET_INCLUDED;
}

/* Whether both ends are this host: the peer has a loopback address, or the one it connected to. */
static __always_inline bool is_local(const struct accept_event *event)
{
	struct accept_net remote = host_net(event, ACCEPT_REMOTE);
	const __u64 *one = (const __u64 *)event->remote_address;
	const __u64 *other = (const __u64 *)event->local_address;

	if (one[0] == other[0] && one[1] == other[1])
		return true;
	if (remote.family == 4)
		return remote.address[0] == 127;
	return !one[0] && one[1] == bpf_cpu_to_be64(1);
}

static __always_inline bool connection_passes(const struct accept_event *event)
{
	if (filter.remote_ports && !has_port(filter.remote_port_bits, event->remote_port))
		return false;
	if (filter.no_loopback && is_local(event))
		return false;
	if (filter.netns && !bpf_map_lookup_elem(&netns_set, &event->netns))
		return false;
	if (filter.nets[ACCEPT_REMOTE] && !net_passes(event, ACCEPT_REMOTE))
		return false;
	return !filter.nets[ACCEPT_LOCAL] || net_passes(event, ACCEPT_LOCAL);
}

#endif
