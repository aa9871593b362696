/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The path of a task's cgroup, as the names of bpf/event.h, and the filter by it. */
#ifndef ACCEPTSTREAM_CGROUP_H
#define ACCEPTSTREAM_CGROUP_H

#include "filter.h"
#include "kernel.h"
#include "scratch.h"

/* The loader inserts the steps to what is listed, we look up. By names: a cgroup may be made again. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct accept_cgroup_step);
	__type(value, __u32);
	__uint(max_entries, 1);
} cgroup_steps SEC(".maps");

/* RCU guards it and renamed it: 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent"), 6.15. */
static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___before_rcu *before = (void *)kn;

	if (bpf_core_field_exists(kn->__parent))
		return BPF_CORE_READ(kn, __parent);
	return BPF_CORE_READ(before, parent);
}

/*
 * This and all other walks are global functions, which the verifier walks once
 * and apart from what calls them: their arguments are numbers (pointers need 5.12).
 */
__noinline int write_cgroup(__u64 leaf)
{
	struct accept_scratch *scratch = own_scratch();
	struct kernfs_node *kn = (void *)leaf;
	struct kernfs_node *parent = kernfs_parent(kn);
	__u32 at = 0;
	int depth;

	if (!scratch)
		return 0;
	for (depth = 0; depth < CGROUP_STEPS && parent; depth++) {
		scratch->offsets[depth] = at;
		if (!append(scratch, &at, ACCEPT_NAMES_BYTES, BPF_CORE_READ(kn, name)))
			break;
		kn = parent;
		parent = kernfs_parent(kn);
	}
	scratch->depth = depth;
	scratch->event.cgroup_length = at;
	scratch->flags = parent ? ACCEPT_CGROUP_CUT : 0;
	return 0;
}

/* From the root down: a path that is cut leads nowhere. */
__noinline int find_cgroup(void)
{
	struct accept_scratch *scratch = own_scratch();
	__u32 *next;

	if (!scratch || scratch->flags & ACCEPT_CGROUP_CUT)
		return 0;
	scratch->step.node = 0;
	for (int level = CGROUP_STEPS - 1; level >= 0; level--) {
		if (level >= scratch->depth)
			continue;
		__builtin_memset(scratch->step.name, 0, ACCEPT_NAME_BYTES);
		bpf_probe_read_kernel_str(scratch->step.name, ACCEPT_NAME_BYTES,
					  scratch->names + (scratch->offsets[level] & (ACCEPT_NAMES_BYTES - 1)));
		next = bpf_map_lookup_elem(&cgroup_steps, &scratch->step);
		if (!next)
			return 0;
		if (*next == ACCEPT_CGROUP_LISTED)
			return 1;
		scratch->step.node = *next;
	}
	return 0;
}

/* A cgroup of the version 2 hierarchy keeps its name and its place. The names of an executable have to follow. */
static __always_inline void fill_cgroup(struct accept_scratch *scratch, struct task_struct *task)
{
	struct kernfs_node *kn = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	__s64 id = BPF_CORE_READ(kn, id);

	if (id == scratch->event.cgroup_id)
		return;
	scratch->event.cgroup_id = id;
	scratch->event.exe_length = 0;
	scratch->named = (struct accept_named){};
	write_cgroup((__u64)kn);
	if (filter.cgroups == ACCEPT_CGROUPS_LISTED)
		scratch->is_listed = find_cgroup();
}

/* Of the current event. A path without any name that is cut is unknown. */
static __always_inline bool cgroup_is_listed(const struct accept_scratch *scratch)
{
	if (filter.cgroups == ACCEPT_CGROUPS_LISTED)
		return scratch->is_listed;
	return scratch->event.cgroup_id && (scratch->event.cgroup_length || !(scratch->flags & ACCEPT_CGROUP_CUT));
}

#endif
