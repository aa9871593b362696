/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Where an event is put together, because only then its length is known. */
#ifndef ACCEPTSTREAM_SCRATCH_H
#define ACCEPTSTREAM_SCRATCH_H

#include "event.h"
#include "kernel.h"

/* The verifier walks every step: deeper cgroups are cut. */
#define CGROUP_STEPS 32

/* What the path of an executable was made from, by which it is found unchanged. */
struct accept_named {
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
	/* Of the cgroup in event.cgroup_id, where each of its names begins. */
	__u16 offsets[CGROUP_STEPS];
	__u32 depth;
	bool is_listed;
	struct accept_cgroup_step step;
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

/* A name behind the others, at *at; false when it does not fit below end. */
static __always_inline bool append(struct accept_scratch *scratch, __u32 *at, __u32 end, const void *name)
{
	__u32 from = *at;
	long length;

	if (from >= end)
		return false;
	/* The verifier forgets the comparison where the compiler spills. */
	barrier_var(from);
	from &= 2 * ACCEPT_NAMES_BYTES - 1;
	length = bpf_probe_read_kernel_str(scratch->names + from, ACCEPT_NAME_BYTES, name);
	if (length <= 0 || from + length > end)
		return false;
	*at = from + length;
	return true;
}

#endif
