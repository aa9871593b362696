/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The paths of a task's cgroup and executable, as the names of bpf/event.h. */
#ifndef ACCEPTSTREAM_NAMES_H
#define ACCEPTSTREAM_NAMES_H

#include "kernel.h"
#include "scratch.h"

/* The verifier walks every step: deeper paths are cut. */
#define CGROUP_STEPS 32
#define EXE_STEPS 48

/* RCU guards it and renamed it: 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent"), 6.15. */
static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___before_rcu *before = (void *)kn;

	if (bpf_core_field_exists(kn->__parent))
		return BPF_CORE_READ(kn, __parent);
	return BPF_CORE_READ(before, parent);
}

static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
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

/*
 * The walks are global functions, which the verifier walks once and apart from
 * what calls them: their arguments are numbers (pointers need 5.12).
 */
__noinline int write_cgroup(__u64 leaf)
{
	struct accept_scratch *scratch = own_scratch();
	struct kernfs_node *kn = (void *)leaf;
	struct kernfs_node *parent = kernfs_parent(kn);
	__u32 at = 0;

	if (!scratch)
		return 0;
	for (int step = 0; step < CGROUP_STEPS && parent; step++) {
		if (!append(scratch, &at, ACCEPT_NAMES_BYTES, BPF_CORE_READ(kn, name)))
			break;
		kn = parent;
		parent = kernfs_parent(kn);
	}
	scratch->event.cgroup_length = at;
	if (parent)
		scratch->flags |= ACCEPT_CGROUP_CUT;
	return 0;
}

/* Files without a folder, such as those of memfd_create, make their path up. */
static __always_inline bool is_pseudo(struct dentry *dentry, struct dentry *root)
{
	return dentry != root && BPF_CORE_READ(dentry, d_parent) == dentry && BPF_CORE_READ(dentry, d_op, d_dname);
}

/* As d_path() walks: from the root of a mount on at its mountpoint, until a mount is its own parent. */
static __always_inline bool append_path(struct accept_scratch *scratch, __u32 *at, __u32 end)
{
	struct dentry *dentry = scratch->named.dentry;
	struct mount *mount = mount_of(scratch->named.mount);
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	void *above;

	if (is_pseudo(dentry, root))
		return append(scratch, at, end, BPF_CORE_READ(dentry, d_name.name));
	for (int step = 0; step < EXE_STEPS; step++) {
		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				return true;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		above = BPF_CORE_READ(dentry, d_parent);
		if (above == dentry)
			return true;
		if (!append(scratch, at, end, BPF_CORE_READ(dentry, d_name.name)))
			return false;
		dentry = above;
	}
	return false;
}

/* Behind the names of the cgroup. */
__noinline int write_exe(__u64 start)
{
	struct accept_scratch *scratch = own_scratch();
	__u32 at = start;

	if (!scratch)
		return 0;
	if (!append_path(scratch, &at, start + ACCEPT_NAMES_BYTES))
		scratch->flags |= ACCEPT_EXE_CUT;
	scratch->event.exe_length = at - start;
	if (scratch->named.deleted)
		scratch->flags |= ACCEPT_EXE_DELETED;
	return 0;
}

/* The kernel itself knows no executable of its threads, whose address space may be borrowed. */
static __always_inline struct file *executable_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & PF_KTHREAD ? NULL : BPF_CORE_READ(task, mm, exe_file);
}

/*
 * What a path depends on, but for the names of folders above: a server accepts
 * again and again, and one look at the leaf costs less than the walk.
 */
static __always_inline struct accept_named named_by(struct task_struct *task, struct kernfs_node *kn)
{
	struct accept_named now = { .cgroup_id = BPF_CORE_READ(kn, id) };
	struct file *file = executable_of(task);
	struct dentry *dentry;
	struct mount *mount;

	if (!file)
		return now;
	now.mount = BPF_CORE_READ(file, f_path.mnt);
	mount = mount_of(now.mount);
	now.mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	now.dentry = dentry = BPF_CORE_READ(file, f_path.dentry);
	now.hash = BPF_CORE_READ(dentry, d_name.hash_len);
	/* An unlinked file has left the hash table; a pseudo file never was there, and d_path() calls it deleted too. */
	now.deleted = !BPF_CORE_READ(dentry, d_hash.pprev);
	return now;
}

static __always_inline bool is_same(const struct accept_named *one, const struct accept_named *other)
{
	return one->cgroup_id == other->cgroup_id && one->dentry == other->dentry && one->hash == other->hash &&
	       one->mount == other->mount && one->mountpoint == other->mountpoint && one->deleted == other->deleted;
}

/* Fills the names and their lengths; the flags of the event are added to. */
static __always_inline void fill_names(struct accept_scratch *scratch, struct task_struct *task)
{
	struct kernfs_node *kn = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	struct accept_named now = named_by(task, kn);

	if (!is_same(&now, &scratch->named)) {
		scratch->named = now;
		scratch->flags = 0;
		scratch->event.exe_length = 0;
		write_cgroup((__u64)kn);
		if (now.dentry)
			write_exe(scratch->event.cgroup_length);
	}
	scratch->event.cgroup_id = now.cgroup_id;
	scratch->event.flags |= scratch->flags;
}

#endif
