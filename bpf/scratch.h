/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Where an event is put together, because only then its length is known. */
#ifndef ACCEPTSTREAM_SCRATCH_H
#define ACCEPTSTREAM_SCRATCH_H

#include "event.h"
#include "kernel.h"

/* What a path of names was made from, by which it is found unchanged. */
struct accept_named {
	__u64 cgroup_id;
	struct vfsmount *mount;
	struct dentry *mountpoint;
	struct dentry *dentry; /* NULL: no executable */
	__u64 hash; /* of its name and its folder */
	bool deleted;
};

struct accept_scratch {
	struct accept_event event;
	/* Of event.cgroup_length and event.exe_length bytes; a name is copied before it is known to fit. */
	char names[2 * ACCEPT_NAMES_BYTES + ACCEPT_NAME_BYTES];
	struct accept_named named;
	__u8 flags; /* of accept_event.flags, those of the names */
};

/*
 * A program does not interrupt itself on a CPU (the kernel's recursion check),
 * and all programs of one load exclude each other on it. The names stay for the
 * next accept there.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct accept_scratch);
	__uint(max_entries, 1);
} scratches SEC(".maps");

static __always_inline struct accept_scratch *own_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

#endif
