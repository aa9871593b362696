/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Hands the listener of an accept from the function that knows it to the one that is always seen. */
#ifndef ACCEPTSTREAM_LISTENER_H
#define ACCEPTSTREAM_LISTENER_H

#include "kernel.h"

struct accept_listener {
	struct sock *accepted;
	struct sock *listener;
};

/*
 * The accept under way on a CPU: __inet_accept inserts, the graft that follows
 * reads and clears. A task that was preempted or moved between the two finds
 * another's socket there, or none.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct accept_listener);
	__uint(max_entries, 1);
} listeners SEC(".maps");

static __always_inline void remember_listener(struct sock *accepted, struct sock *listener)
{
	__u32 zero = 0;
	struct accept_listener *last = bpf_map_lookup_elem(&listeners, &zero);

	if (!last)
		return;
	last->accepted = accepted;
	last->listener = listener;
}

static __always_inline struct sock *take_listener(struct sock *accepted)
{
	__u32 zero = 0;
	struct accept_listener *last = bpf_map_lookup_elem(&listeners, &zero);

	if (!last || last->accepted != accepted)
		return NULL;
	last->accepted = NULL;
	return last->listener;
}

#endif
